/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host_page.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "net/frame.h"
#include "net/net.h"
#include "net/policy.h"
#include "net/user.h"

/* It has a macro called fail. */
#include <check.h>

/* --- the machine's end --- */

#define PAGE 65536u
#define FRAME (2 * PAGE)
#define BUFFER (4 * PAGE)

static struct w2c_host host;
static struct muslin *m = &host.m;
static struct host_page page;
static uint8_t memory[8 * PAGE];
static int peer;
static char logged[4096];

static void keep_log(void *arg, const char *text, size_t n)
{
	(void)arg;
	strncat(logged, text, n < 1000 ? n : 1000);
}

static void setup(void)
{
	int pair[2];

	memset(&host, 0, sizeof(host));
	memset(&page, 0, sizeof(page));
	logged[0] = 0;
	boot_vcpu(m)->page = &page;
	m->memory = memory;
	m->memory_lowest = PAGE;
	m->memory_size = sizeof(memory);
	m->log = keep_log;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	peer = pair[1];
	ck_assert_int_eq(net_attach(m, pair[0], false, 1500), 0);
	alarm(20);
}

static void teardown(void)
{
	net_exit(m);
	if (peer >= 0)
		close(peer);
}

static void put(const void *data, size_t n)
{
	ck_assert_int_eq(write(peer, data, n), n);
}

static void put_length(uint32_t n)
{
	n = htonl(n);
	put(&n, 4);
}

static int next(void)
{
	return (int)w2c_host_net_next(&host);
}

static int receive(uint32_t n)
{
	return (int)w2c_host_net_receive(&host, BUFFER, n);
}

static int send_frame(uint32_t n)
{
	return (int)w2c_host_net_send(&host, FRAME, n);
}

static short watched(void)
{
	return net_pollfd(m).fd < 0 ? 0 : net_pollfd(m).events;
}

START_TEST(frame_is_received_whole)
{
	ck_assert_int_eq(next(), -EAGAIN);
	ck_assert_int_eq(watched(), POLLIN);
	put_length(5);
	put("he", 2);
	ck_assert_int_eq(next(), -EAGAIN);
	put("llo", 3);
	ck_assert_int_eq(net_ready(m, POLLIN), HOST_IRQ_NET);
	ck_assert_int_eq(watched(), 0);
	ck_assert_int_eq(next(), 5);
	ck_assert_int_eq(next(), 5);
	ck_assert_int_eq(receive(100), 5);
	ck_assert_mem_eq(memory + BUFFER, "hello", 5);
	ck_assert_int_eq(next(), -EAGAIN);
}
END_TEST

START_TEST(rest_of_frame_is_not_next_frame)
{
	put_length(5);
	put("hello", 5);
	put_length(1);
	put("x", 1);
	ck_assert_int_eq(receive(2), 2);
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(receive(0), 0);
	ck_assert_int_eq(receive(10), -EAGAIN);
}
END_TEST

START_TEST(longest_frame_is_received)
{
	static char frame[HOST_NET_FRAME];

	memset(frame, 7, sizeof(frame));
	put_length(sizeof(frame));
	put(frame, sizeof(frame));
	ck_assert_int_eq(next(), HOST_NET_FRAME);
	ck_assert_int_eq(receive(HOST_NET_FRAME), HOST_NET_FRAME);
	ck_assert_mem_eq(memory + BUFFER, frame, sizeof(frame));
}
END_TEST

static const uint32_t wrong[] = { 0, HOST_NET_FRAME + 1, 1u << 31, ~0u };

START_TEST(wrong_length_ends_link)
{
	put_length(wrong[_i]);
	put("abcdefgh", 8);
	ck_assert_int_eq(next(), -ENETDOWN);
	ck_assert_int_eq(next(), -ENETDOWN);
	ck_assert_int_eq(receive(10), -ENETDOWN);
	ck_assert_int_eq(send_frame(60), -ENETDOWN);
	ck_assert_int_eq((int)w2c_host_net_link(&host, BUFFER), -ENETDOWN);
	ck_assert_int_eq(page.irq_pending, HOST_IRQ_NET);
	ck_assert_int_eq(watched(), 0);
	ck_assert_str_eq(logged, "muslin: network: the peer has sent a frame of a wrong length\n");
}
END_TEST

START_TEST(half_frame_and_end_is_no_frame)
{
	put_length(50);
	put("abc", 3);
	close(peer);
	peer = -1;
	ck_assert_int_eq(next(), -ENETDOWN);
	ck_assert_str_eq(logged, "muslin: network: the peer has gone\n");
}
END_TEST

START_TEST(frames_before_end_arrive)
{
	put_length(3);
	put("abc", 3);
	close(peer);
	peer = -1;
	ck_assert_int_eq(next(), 3);
	ck_assert_int_eq(receive(3), 3);
	ck_assert_int_eq(next(), -ENETDOWN);
}
END_TEST

START_TEST(flood_of_small_frames_is_taken_one_by_one)
{
	int i, n = 0;

	for (i = 0; i < 10000; i++) {
		put_length(1);
		put("x", 1);
		if (i % 100 == 99)
			for (; receive(1) == 1; n++)
				;
	}
	ck_assert_int_eq(n, i);
}
END_TEST

START_TEST(sent_frame_has_its_length)
{
	uint8_t got[100];

	memcpy(memory + FRAME, "abcdef", 6);
	ck_assert_int_eq(send_frame(6), 0);
	ck_assert_int_eq(read(peer, got, sizeof(got)), 10);
	ck_assert_mem_eq(got, "\0\0\0\6abcdef", 10);
}
END_TEST

/* All that was accepted arrives, in order; what was not is tried again. */
START_TEST(full_peer_is_back_pressure)
{
	static uint8_t got[4 + 30000];
	unsigned int sent = 0, i;
	int r;

	for (;; sent++) {
		memset(memory + FRAME, sent, 30000);
		r = send_frame(30000);
		if (r)
			break;
	}
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_eq(watched(), POLLOUT);
	ck_assert_int_gt(sent, 2);
	for (i = 0; i < sent; i++) {
		size_t have = 0;

		while (have < sizeof(got)) {
			r = recv(peer, got + have, sizeof(got) - have, MSG_DONTWAIT);
			if (r < 0)
				ck_assert_int_eq(net_ready(m, POLLOUT), HOST_IRQ_NET);
			else
				have += r;
		}
		ck_assert_mem_eq(got, "\0\0\x75\x30", 4);
		ck_assert_int_eq(got[4], (uint8_t)i);
		ck_assert_int_eq(got[sizeof(got) - 1], (uint8_t)i);
	}
	ck_assert_int_eq(send_frame(30000), 0);
}
END_TEST

START_TEST(frames_without_bytes_or_with_too_many_are_refused)
{
	ck_assert_int_eq(send_frame(0), -EMSGSIZE);
	ck_assert_int_eq(send_frame(HOST_NET_FRAME + 1), -EMSGSIZE);
	ck_assert_int_eq(send_frame(~0u), -EMSGSIZE);
	ck_assert_int_eq(recv(peer, logged, 1, MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(peer_that_has_gone_ends_link)
{
	close(peer);
	peer = -1;
	ck_assert_int_eq(send_frame(60), -ENETDOWN);
	ck_assert_int_eq(send_frame(60), -ENETDOWN);
	ck_assert_str_eq(logged, "muslin: network: the peer has gone\n");
}
END_TEST

START_TEST(without_network_there_is_no_device)
{
	net_exit(m);
	ck_assert_int_eq((int)w2c_host_net_link(&host, BUFFER), -ENODEV);
	ck_assert_int_eq(next(), -ENETDOWN);
	ck_assert_int_eq(receive(10), -ENETDOWN);
	ck_assert_int_eq(send_frame(10), -ENETDOWN);
	ck_assert_int_eq(watched(), 0);
}
END_TEST

/* --- policy --- */

static struct policy policy;

static void policy_setup(void)
{
	policy = (struct policy){ .log = -1 };
}

static void policy_teardown(void)
{
	policy_exit(&policy);
}

static struct in6_addr address(const char *text)
{
	struct in6_addr a;
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) == 1)
		return address_of_ipv4(in.s_addr);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

static bool allows(const char *text, uint16_t port)
{
	struct in6_addr a = address(text);

	return policy_allows(&policy, &a, port);
}

START_TEST(nothing_is_allowed_at_first)
{
	ck_assert(!allows("192.0.2.1", 80));
	ck_assert(!allows("2001:db8::1", 80));
	ck_assert(!policy_allows_name(&policy, "example.org"));
}
END_TEST

START_TEST(address_prefix_and_port_are_allowed)
{
	ck_assert(policy_allow(&policy, "192.0.2.1:80"));
	ck_assert(policy_allow(&policy, "198.51.100.0/22"));
	ck_assert(policy_allow(&policy, "[2001:db8::1]:443"));
	ck_assert(policy_allow(&policy, "2001:db8:2::/47"));
	ck_assert(allows("192.0.2.1", 80));
	ck_assert(allows("192.0.2.1", 0));
	ck_assert(!allows("192.0.2.1", 81));
	ck_assert(!allows("192.0.2.2", 80));
	ck_assert(allows("198.51.103.255", 1));
	ck_assert(!allows("198.51.104.0", 1));
	ck_assert(allows("2001:db8::1", 443));
	ck_assert(!allows("2001:db8::1", 80));
	ck_assert(allows("2001:db8:2:1::1", 80));
	ck_assert(allows("2001:db8:3::ffff", 80));
	ck_assert(!allows("2001:db8:4::1", 80));
}
END_TEST

static const char *const bad[] = {
	"", ":80", "a:", "a:0", "a:65536", "a:x", "10.0.0.0/33", "10.0.0.300", "1.2.3",
	"[::1", "[::1]80", "::1/129", "a b", "a/24", "*.", "*x", "a\n", "10.0.0.0/-1",
	"10.0.0.0/", "[::1]:", "a:+80",
};

START_TEST(what_is_no_address_or_name_is_refused)
{
	ck_assert(!policy_allow(&policy, bad[_i]));
	ck_assert_int_eq(policy.nrules, 0);
}
END_TEST

static const char *const guarded[] = {
	"127.0.0.1", "127.1.2.3", "169.254.169.254", "169.254.170.2", "100.100.100.200",
	"168.63.129.16", "192.0.0.192", "0.0.0.0", "255.255.255.255", "224.0.0.1",
	"::1", "::", "::127.0.0.1", "fe80::1", "fec0::5", "ff02::1", "fd00:ec2::254",
	"fd20:ce::254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "203.0.113.9",
};

START_TEST(host_and_metadata_are_refused_unless_named)
{
	struct in6_addr a = address(guarded[_i]);

	policy.own[policy.nown++] = address("203.0.113.9");
	ck_assert(policy_allow(&policy, "*"));
	ck_assert(policy_allow(&policy, "name.example"));
	ck_assert(policy_allow(&policy, "0.0.0.0/0"));
	ck_assert(policy_allow(&policy, "::/0"));
	ck_assert(policy_allow(&policy, "203.0.113.0/24"));
	policy_grant(&policy, "name.example", &a);
	ck_assert(!allows(guarded[_i], 80));
	ck_assert(allows("192.0.2.1", 80));
	ck_assert(policy_allow(&policy, guarded[_i]));
	ck_assert(allows(guarded[_i], 80));
}
END_TEST

START_TEST(localhost_is_both_addresses)
{
	ck_assert(!policy_names_loopback(&policy));
	ck_assert(policy_allow(&policy, "localhost:8080"));
	ck_assert(policy_names_loopback(&policy));
	ck_assert(allows("127.0.0.1", 8080));
	ck_assert(allows("::1", 8080));
	ck_assert(!allows("127.0.0.1", 80));
}
END_TEST

START_TEST(names_allow_the_addresses_that_they_had)
{
	struct in6_addr a = address("192.0.2.7"), b = address("2001:db8::7");

	ck_assert(policy_allow(&policy, "WWW.example.org:443"));
	ck_assert(policy_allow(&policy, "*.example.net"));
	ck_assert(policy_allows_name(&policy, "www.example.org"));
	ck_assert(!policy_allows_name(&policy, "example.org"));
	ck_assert(!policy_allows_name(&policy, "www.example.org.evil"));
	ck_assert(policy_allows_name(&policy, "a.b.example.net"));
	ck_assert(!policy_allows_name(&policy, "example.net"));
	ck_assert(!policy_allows_name(&policy, "badexample.net"));
	policy_grant(&policy, "other.example", &a);
	ck_assert(!allows("192.0.2.7", 443));
	policy_grant(&policy, "www.example.org", &a);
	policy_grant(&policy, "x.example.net", &b);
	ck_assert(allows("192.0.2.7", 443));
	ck_assert(!allows("192.0.2.7", 80));
	ck_assert(allows("2001:db8::7", 80));
}
END_TEST

/* --- frames --- */

static uint8_t frame[2000];
static struct packet packet;

static const uint8_t udp_frame[] = {
	2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 0,
	0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 2, 15, 10, 0, 2, 3,
	0x12, 0x34, 0, 53, 0, 12, 0, 0, 'a', 'b', 'c', 'd',
};

START_TEST(datagram_is_parsed)
{
	ck_assert_int_eq(frame_parse(udp_frame, sizeof(udp_frame), &packet), FRAME_PACKET);
	ck_assert_int_eq(packet.from_port, 0x1234);
	ck_assert_int_eq(packet.to_port, 53);
	ck_assert_int_eq(packet.size, 4);
	ck_assert_mem_eq(packet.data, "abcd", 4);
}
END_TEST

/* Cut short at each byte, and with each byte changed: never beyond the frame. */
START_TEST(no_frame_leads_beyond_itself)
{
	for (size_t n = 0; n <= sizeof(udp_frame); n++)
		for (size_t i = 0; i < n; i++)
			for (int v = 0; v < 256; v++) {
				uint8_t *copy = malloc(n);

				memcpy(copy, udp_frame, n);
				copy[i] = v;
				if (frame_parse(copy, n, &packet) == FRAME_PACKET && packet.data)
					ck_assert(packet.data + packet.size <= copy + n);
				free(copy);
			}
}
END_TEST

START_TEST(fragments_and_options_are_no_packets)
{
	memcpy(frame, udp_frame, sizeof(udp_frame));
	frame[20] = 0x20;
	ck_assert_int_eq(frame_parse(frame, sizeof(udp_frame), &packet), FRAME_FRAGMENT);
	frame[20] = 0;
	frame[21] = 1;
	ck_assert_int_eq(frame_parse(frame, sizeof(udp_frame), &packet), FRAME_FRAGMENT);
	frame[21] = 0;
	frame[14] = 0x46;
	ck_assert_int_eq(frame_parse(frame, sizeof(udp_frame), &packet), FRAME_FRAGMENT);
}
END_TEST

/* --- published ports --- */

static const char *const bad_published[] = {
	"", "80", "80:", ":80", "0:80", "80:65536", "a:80:80", "1.2.3.4:80", "80:80/sctp",
	"1.2.3.4.5:80:80", "80:-1", "123456:1",
};

START_TEST(wrong_published_port_is_refused)
{
	struct user u = { .policy.log = -1 };

	ck_assert(!user_publish(&u, bad_published[_i]));
	user_exit(&u);
}
END_TEST

START_TEST(published_port_is_the_loopback_device_s)
{
	struct user u = { .policy.log = -1 };

	ck_assert(user_publish(&u, "8080:80"));
	ck_assert(user_publish(&u, "192.0.2.1:53:5353/udp"));
	ck_assert_int_eq(u.published[0].address.s_addr, htonl(INADDR_LOOPBACK));
	ck_assert(!u.published[0].udp && u.published[0].port == 8080 && u.published[0].guest_port == 80);
	ck_assert_int_eq(u.published[1].address.s_addr, inet_addr("192.0.2.1"));
	ck_assert(u.published[1].udp && u.published[1].port == 53 && u.published[1].guest_port == 5353);
	user_exit(&u);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof(*(a)))

Suite *network_suite(void)
{
	Suite *s = suite_create("network");
	TCase *t = tcase_create("frames");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, frame_is_received_whole);
	tcase_add_test(t, rest_of_frame_is_not_next_frame);
	tcase_add_test(t, longest_frame_is_received);
	tcase_add_loop_test(t, wrong_length_ends_link, 0, COUNT(wrong));
	tcase_add_test(t, half_frame_and_end_is_no_frame);
	tcase_add_test(t, frames_before_end_arrive);
	tcase_add_test(t, flood_of_small_frames_is_taken_one_by_one);
	tcase_add_test(t, sent_frame_has_its_length);
	tcase_add_test(t, full_peer_is_back_pressure);
	tcase_add_test(t, frames_without_bytes_or_with_too_many_are_refused);
	tcase_add_test(t, peer_that_has_gone_ends_link);
	tcase_add_test(t, without_network_there_is_no_device);
	suite_add_tcase(s, t);

	t = tcase_create("policy");
	tcase_add_checked_fixture(t, policy_setup, policy_teardown);
	tcase_add_test(t, nothing_is_allowed_at_first);
	tcase_add_test(t, address_prefix_and_port_are_allowed);
	tcase_add_loop_test(t, what_is_no_address_or_name_is_refused, 0, COUNT(bad));
	tcase_add_loop_test(t, host_and_metadata_are_refused_unless_named, 0, COUNT(guarded));
	tcase_add_test(t, localhost_is_both_addresses);
	tcase_add_test(t, names_allow_the_addresses_that_they_had);
	suite_add_tcase(s, t);

	t = tcase_create("packets");
	tcase_add_test(t, datagram_is_parsed);
	tcase_add_test(t, no_frame_leads_beyond_itself);
	tcase_add_test(t, fragments_and_options_are_no_packets);
	tcase_add_loop_test(t, wrong_published_port_is_refused, 0, COUNT(bad_published));
	tcase_add_test(t, published_port_is_the_loopback_device_s);
	suite_add_tcase(s, t);
	return s;
}
