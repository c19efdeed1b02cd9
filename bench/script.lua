-- SPDX-License-Identifier: MIT
-- Lua: calls, tables, strings and closures.  Prints as bench.h does, with the
-- CPU's time, since standard Lua has no other fine clock.

local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end

local function sieve(n)
	local composite, count = {}, 0
	for i = 2, n do
		if not composite[i] then
			count = count + 1
			for j = i * i, n, i do composite[j] = true end
		end
	end
	return count
end

local function words(n)
	local count, parts = {}, {}
	for i = 1, n do
		local w = ("w%d"):format(i * 7919 % 1000)
		count[w] = (count[w] or 0) + 1
		parts[#parts + 1] = w:upper():reverse()
	end
	local text, long = table.concat(parts, " "), 0
	for w in text:gmatch("%w+") do long = long + #w end
	return long + #text:gsub("9", "<nine>")
end

local function sorted(n)
	local t, x = {}, 42
	for i = 1, n do x = (x * 1103515245 + 12345) % 2147483648; t[i] = x end
	table.sort(t, function(a, b) return a < b end)
	return t[n // 2]
end

local best, sum = math.huge, 0
for i = 1, 5 do
	local t = os.clock()
	sum = sum + fib(27) + sieve(400000) + words(60000) + sorted(60000)
	best = math.min(best, os.clock() - t)
end
print(("%.0f %x"):format(best * 1e9, sum))
