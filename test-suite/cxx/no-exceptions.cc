// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
#include "check.h"

#ifdef __cpp_exceptions
#error there are exceptions
#endif

int main()
{
	std::vector<std::string> v;
	std::map<std::string, int> m;
	std::ostringstream o;

	for (int i = 0; i < 100; i++)
		v.push_back(std::to_string(i));
	std::sort(v.begin(), v.end());
	std::thread([&] { for (auto &s : v) m[s] = s.size(); }).join();
	o << m["7"] << m["77"] << v.front() << v.back();
	check(o.str() == "12099");
	return status;
}
