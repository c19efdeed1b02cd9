// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <unistd.h>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "check.h"

static std::atomic<int> made, destroyed;
struct Local {
	int n = ++made;
	~Local() { destroyed++; }
};
static thread_local Local local;

static void locals()
{
	std::vector<std::thread> all;

	for (int i = 0; i < 4; i++)
		all.emplace_back([] { check(local.n > 0); });
	for (auto &t : all)
		t.join();
	check(made == 4 && destroyed == 4);
}

static void throw_everywhere()
{
	std::atomic<int> caught{ 0 };
	std::vector<std::thread> all;

	for (int i = 0; i < 8; i++)
		all.emplace_back([&, i] {
			for (int k = 0; k < 100; k++) {
				try {
					std::string s(50, 'x');
					std::this_thread::yield();
					throw i * 1000 + k;
				} catch (int n) {
					caught += n == i * 1000 + k;
				}
			}
		});
	for (auto &t : all)
		t.join();
	check(caught == 800);
}

static void carry()
{
	std::exception_ptr p;
	std::thread([&] {
		try {
			throw std::runtime_error("of another thread");
		} catch (...) {
			p = std::current_exception();
		}
	}).join();
	try {
		std::rethrow_exception(p);
	} catch (std::runtime_error &e) {
		check(std::string(e.what()) == "of another thread");
	}
	auto f = std::async(std::launch::async, [](int n) -> int { throw n; }, 7);
	try {
		(void)f.get();
		check(!"an exception of async");
	} catch (int n) {
		check(n == 7);
	}
}

static void wait_for_each_other()
{
	std::mutex m;
	std::condition_variable c;
	int turn = 0;
	std::thread t([&] {
		for (int i = 0; i < 100; i++) {
			std::unique_lock l(m);
			c.wait(l, [&] { return turn % 2; });
			turn++;
			c.notify_one();
		}
	});

	for (int i = 0; i < 100; i++) {
		std::unique_lock l(m);
		c.wait(l, [&] { return turn % 2 == 0; });
		turn++;
		c.notify_one();
	}
	t.join();
	check(turn == 200);
	std::once_flag once;
	int tries = 0;
	for (int i = 0; i < 3; i++) {
		try {
			std::call_once(once, [&] { if (++tries < 2) throw 1; });
		} catch (int) {
		}
	}
	check(tries == 2);
}

// musl runs what was pushed, and destroys nothing; natively, too
static void *cancelled(void *p)
{
	pthread_cleanup_push([](void *n) { ++*(int *)n; }, p);
	try {
		for (;;)
			pause();
	} catch (...) {
		*(int *)p = 100;
	}
	pthread_cleanup_pop(0);
	return nullptr;
}

static void cancel()
{
	pthread_t t;
	void *result = nullptr;
	int n = 0;

	check(!pthread_create(&t, nullptr, cancelled, &n));
	check(!pthread_cancel(t) && !pthread_join(t, &result));
	check(result == PTHREAD_CANCELED && n == 1);
}

int main()
{
	locals();
	throw_everywhere();
	carry();
	wait_for_each_other();
	cancel();
	return status;
}
