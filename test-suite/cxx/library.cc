// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <chrono>
#include <coroutine>
#include <filesystem>
#include <format>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <locale>
#include <map>
#include <random>
#include <ranges>
#include <regex>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>
#include "check.h"

namespace fs = std::filesystem;

static void streams()
{
	std::ostringstream o;
	std::string word;
	int n;

	o << std::hex << std::setw(6) << std::setfill('0') << 0xbeef << ' ' << std::fixed
	  << std::setprecision(3) << 3.14159 << ' ' << std::boolalpha << true << ' ' << 1e300;
	check(o.str().starts_with("00beef 3.142 true 1000000000000000052504760255204420248704468581"));
	std::istringstream i("  17 word 0x1f");
	i >> n >> word;
	check(n == 17 && word == "word");
	i >> std::hex >> n;
	check(n == 31);
	i.exceptions(std::ios::failbit);
	try {
		i >> n;
		check(!"a stream that throws");
	} catch (std::ios::failure &) {
	}
	std::wostringstream w;
	w << L"\u00e4" << 5;
	check(w.str() == L"\u00e45");
}

struct Comma : std::numpunct<char> {
	char do_thousands_sep() const override { return ','; }
	std::string do_grouping() const override { return "\3"; }
};

static void locales()
{
	std::ostringstream o;

	o.imbue(std::locale(std::locale::classic(), new Comma));
	o << 1234567;
	check(o.str() == "1,234,567");
	check(std::toupper('x', std::locale("C")) == 'X');
	try {
		std::locale l("no_SUCH");
		// musl has every locale, natively, too
	} catch (std::runtime_error &) {
	}
}

static void files()
{
	fs::path dir = "a/b/c";

	check(fs::create_directories(dir) && fs::is_directory("a/b"));
	std::ofstream(dir / "f") << "one\ntwo\n";
	check(fs::file_size(dir / "f") == 8);
	fs::copy(dir / "f", "g");
	fs::create_symlink("g", "link");
	check(fs::read_symlink("link") == "g" && fs::equivalent("link", "g"));
	int n = 0;
	for (auto &e : fs::recursive_directory_iterator("a"))
		n += e.exists();
	check(n == 3);
	std::ifstream in("link");
	std::string line;
	for (n = 0; std::getline(in, line); n++)
		;
	check(n == 2);
	std::error_code e;
	check(!fs::file_size("none", e) || e == std::errc::no_such_file_or_directory);
	try {
		fs::rename("none", "x");
		check(!"an error");
	} catch (fs::filesystem_error &x) {
		check(x.code() == std::errc::no_such_file_or_directory && x.path1() == "none");
	}
	check(fs::remove_all("a") == 4 && fs::temp_directory_path() == "/tmp");
}

static void times()
{
	using namespace std::chrono;
	using namespace std::chrono_literals;
	auto before = steady_clock::now();
	auto day = 2026y / November / 29;

	check(steady_clock::now() >= before && system_clock::now() > sys_days(2024y / 1 / 1));
	check(weekday(sys_days(day)) == Sunday && (sys_days(day) - sys_days(2026y / 1 / 1)).count() == 332);
	check(std::format("{:%F %T}", sys_days(day) + 3h + 42min + 6s) == "2026-11-29 03:42:06");
	check(std::format("{:>6.2f}|{:#x}|{:^5}", 3.14159, 255, "ab") == "  3.14|0xff| ab  ");
}

struct Numbers {
	struct promise_type {
		int value;
		Numbers get_return_object() { return { std::coroutine_handle<promise_type>::from_promise(*this) }; }
		std::suspend_always initial_suspend() { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		std::suspend_always yield_value(int n) { value = n; return {}; }
		void return_void() {}
		void unhandled_exception() { throw; }
	};
	std::coroutine_handle<promise_type> h;
	~Numbers() { h.destroy(); }
};

static Numbers numbers(int n)
{
	std::string s(100, 'x');

	for (int i = 0; i < n; i++)
		co_yield i;
	check(s.size() == 100);
}

static void coroutines()
{
	Numbers g = numbers(5);
	int sum = 0;

	for (g.h.resume(); !g.h.done(); g.h.resume())
		sum += g.h.promise().value;
	check(sum == 10);
}

static void others()
{
	std::smatch m;
	std::string s = "key = value";
	std::map<std::string, int> count;

	check(std::regex_match(s, m, std::regex(R"((\w+)\s*=\s*(\w+))")) && m[2] == "value");
	for (auto w : { "a", "b", "a" })
		count[w]++;
	check(count["a"] == 2 && count.size() == 2);
	std::mt19937 r(1);
	check(r() == 1791095845 && std::random_device()() != std::random_device()());
	int n = 0;
	for (int i : std::views::iota(1, 11) | std::views::filter([](int i) { return i % 2; }))
		n += i;
	check(n == 25);
	check(std::make_error_code(std::errc::invalid_argument).message() == "Invalid argument");
	check(std::stod("2.5e3") == 2500 && std::to_string(7) == "7");
}

int main()
{
	streams();
	locales();
	files();
	times();
	coroutines();
	others();
	std::cout << std::flush;
	return status;
}
