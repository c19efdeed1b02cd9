-- SPDX-License-Identifier: MIT
-- Run by programs/lua: silent if all is well.

assert(arg[1] == "one" and arg[2] == "two words" and #arg == 2)
assert(os.getenv("HELLO") == "world" and os.getenv("NOTHING") == nil)

-- files
local f = assert(io.open("made-by-lua", "w"))
assert(f:write("line ", 1, "\n", "line 2\n"))
assert(f:seek("cur") == 14 and f:close())
local lines = {}
for line in io.lines("made-by-lua") do lines[#lines + 1] = line end
assert(table.concat(lines, ",") == "line 1,line 2")
f = assert(io.open("made-by-lua", "rb"))
assert(f:seek("set", 5) == 5 and f:read("n") == 1 and f:read("a") == "\nline 2\n")
f:close()
local none, message, errno = io.open("no/such/file")
assert(none == nil and message == "no/such/file: No such file or directory" and errno == 2)
assert(os.rename("made-by-lua", "renamed") and not io.open("made-by-lua"))
assert(os.rename("renamed", "made-by-lua"))
local name = os.tmpname()
assert(io.open(name) and os.remove(name) and not os.remove(name))

-- coroutines: a generator inside a generator, wrap, errors, close
local function tree(n)
	if n > 0 then tree(n - 1); coroutine.yield(n); tree(n - 1) end
end
local seen = {}
for n in coroutine.wrap(function() tree(4) end) do seen[#seen + 1] = n end
assert(table.concat(seen) == "121312141213121")
local co = coroutine.create(function(a) local b = coroutine.yield(a + 1); error({ b }) end)
assert(select(2, coroutine.resume(co, 1)) == 2)
local ok, e = coroutine.resume(co, "thrown")
assert(not ok and e[1] == "thrown" and coroutine.status(co) == "dead")

-- pcall: longjmp through C frames, at any depth
local function down(n) if n == 0 then error("bottom", 0) end return (down(n - 1)) end
for n = 0, 150 do
	local ok, e = pcall(down, n)
	assert(not ok and e == "bottom")
end
for i = 1, 10000 do assert(not pcall(error, i)) end
assert(select(2, pcall(string.rep)):find("bad argument #1 to '.*' %(string expected, got no value%)", 1))
local ok, e = pcall(function() local function f() return 1 + f() end return f() end)
assert(not ok and e:find("stack overflow"))
local ok, e = pcall(table.sort, { 3, 1, 2 }, function() error("in sort") end)
assert(not ok and e:find("in sort"))
assert(select(2, xpcall(function() local x = nil; return x.y end, debug.traceback)):find("traceback"))
do
	local closed
	pcall(function() local x <close> = setmetatable({}, { __close = function() closed = true end }); error() end)
	assert(closed)
end

-- strings and numbers
assert(("%5.2f|%d|%x|%q|%s"):format(3.14159, -7, 255, "a\nb", nil) == " 3.14|-7|ff|\"a\\\nb\"|nil")
assert(("hello world"):gsub("o", "0") == "hell0 w0rld")
assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
assert(string.pack("<i4d", 7, 0.5):byte(-1) == 63 and string.unpack("<i4", "\1\0\0\0") == 1)
assert(("x"):rep(1 << 20):len() == 1048576 and utf8.char(8364) == "\xE2\x82\xAC")
assert(1e15 // 7 == 142857142857142.0 and -7 // 2 == -4 and -7 % 3 == 2 and 7 // 0.0 == math.huge)
assert(math.maxinteger + 1 == math.mininteger and 0x7fffffffffffffff * 2 == -2)
assert(tostring(0.1) == "0.1" and tonumber("0x1p4") == 16 and ("%.14g"):format(math.pi) == "3.1415926535898")
assert(math.abs(math.sin(1) - 0.8414709848079) < 1e-12 and math.tointeger(3.0) == 3)

-- os
local t = os.time({ year = 2026, month = 11, day = 20, hour = 12 })
assert(os.date("!%Y-%m-%d %H", t) == "2026-11-20 12" and os.date("!*t", 0).year == 1970)
assert(os.time() > t - 86400 * 365 * 5 and os.clock() >= 0 and os.difftime(t + 5, t) == 5)

-- memory: garbage is collected, and a big table survives it
local big = {}
for i = 1, 300000 do big[i] = { i } end
collectgarbage()
for i = 1, 300000, 9973 do assert(big[i][1] == i) end
big = nil
collectgarbage()
assert(collectgarbage("count") < 5000)
local weak = setmetatable({ {} }, { __mode = "v" })
collectgarbage()
assert(weak[1] == nil)
