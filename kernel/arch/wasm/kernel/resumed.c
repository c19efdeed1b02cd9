// SPDX-License-Identifier: GPL-2.0
/*
 * How programs notice that their machine went on from an image, of which there may be
 * other copies: /sys/kernel/muslin/machine/resumed counts that, can be waited for by
 * poll() (POLLPRI), and each time there is the event of a virtual machine's new generation.
 */
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include "freeze.h"

static unsigned int times;

/* It is there for as long as the kernel. */
static void release(struct kobject *kobj)
{
}

static ssize_t resumed_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", times);
}
static struct kobj_attribute resumed_attr = __ATTR_RO(resumed);

static const struct kobj_type machine_type = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = release,
};
static struct kobject machine;

#ifdef CONFIG_INET
static bool is_outside(const struct sock *sk)
{
	if (sk->sk_state == TCP_TIME_WAIT || sk->sk_state == TCP_NEW_SYN_RECV)
		return false;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return !ipv6_addr_loopback(&sk->sk_v6_daddr) &&
			!ipv6_addr_equal(&sk->sk_v6_daddr, &sk->sk_v6_rcv_saddr);
#endif
	return !ipv4_is_loopback(sk->sk_daddr) && sk->sk_daddr != sk->sk_rcv_saddr;
}

/* One of the bucket, to be given back. */
static struct sock *find_outside(unsigned int bucket)
{
	struct inet_hashinfo *h = &tcp_hashinfo;
	spinlock_t *lock = inet_ehash_lockp(h, bucket);
	struct sock *sk, *found = NULL;
	struct hlist_nulls_node *node;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &h->ehash[bucket].chain) {
		if (is_outside(sk) && refcount_inc_not_zero(&sk->sk_refcnt)) {
			found = sk;
			break;
		}
	}
	spin_unlock_bh(lock);
	return found;
}

/* Whoever is at the other end has the other machine, or nobody. */
static void reset_connections(void)
{
	struct sock *sk;
	unsigned int i;

	if (!percpu_counter_sum_positive(&tcp_sockets_allocated))
		return;
	for (i = 0; i <= tcp_hashinfo.ehash_mask; i++) {
		while ((sk = find_outside(i))) {
			tcp_abort(sk, ECONNRESET);
			sock_put(sk);
			cond_resched();
		}
	}
}
#else
static void reset_connections(void)
{
}
#endif

static void tell(struct work_struct *work)
{
	char *env[] = { "NEW_VMGENID=1", NULL };

	reset_connections();
	sysfs_notify(&machine, NULL, "resumed");
	kobject_uevent_env(&machine, KOBJ_CHANGE, env);
}
static DECLARE_WORK(tell_work, tell);

void wasm_resumed(void)
{
	times++;
	if (machine.state_in_sysfs)
		schedule_work(&tell_work);
}

static int __init resumed_init(void)
{
	/* only what is in a set has events */
	struct kset *muslin = kset_create_and_add("muslin", NULL, kernel_kobj);
	int err;

	if (!muslin)
		return -ENOMEM;
	machine.kset = muslin;
	err = kobject_init_and_add(&machine, &machine_type, NULL, "machine");
	return err ? err : sysfs_create_file(&machine, &resumed_attr.attr);
}
subsys_initcall(resumed_init);
