-- wrk script: signed pushes, one after the other, each under a delivery id of its own.
-- BENCH_BODIES: file with bodies of one size, one after the other; BENCH_SIGNATURES: their HMACs,
-- 64 hex digits each. After the last the first comes again, which the worker calls a repeat.
-- BENCH_PAUSE_MS: how long each connection waits before its next request, half as long to half as
-- long again (default: not at all).
-- BENCH_IDS=random: ids as Gitea makes them, random UUIDs, which fall anywhere into an index
-- (default: thread, start and counter, one beside the other).
local function opened(variable)
  return assert(io.open(assert(os.getenv(variable)), "rb"))
end

local file = opened("BENCH_SIGNATURES")
local signatures = file:read("*a")
file:close()
local bodies = #signatures / 64
local file = opened("BENCH_BODIES")
local size = file:seek("end") / bodies
local prefix, count, before

local function delivery(number)
  file:seek("set", number * size)
  return signatures:sub(number * 64 + 1, number * 64 + 64) .. "\r\n\r\n" .. file:read(size)
end
local first = delivery(0)

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init()
  -- Unique over threads and runs: thread, start, counter.
  local seed = io.popen("od -An -N6 -tx1 /dev/urandom | tr -d ' \\n'")
  prefix = string.format("bench-%d-%s-", number, seed:read("*a"))
  seed:close()
  math.randomseed(tonumber(prefix:match("(%x+)-$"), 16))
  count = 0
  before = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host
    .. "\r\nContent-Type: application/json\r\nContent-Length: " .. size
    .. "\r\nX-Gitea-Event: push\r\nX-Gitea-Event-Type: push\r\nX-Gitea-Delivery: "
end

local function counted() return prefix .. count end

local function random()
  local random = math.random
  return string.format("%08x-%04x-4%03x-%04x-%06x%06x", random(0, 0xffffffff), random(0, 0xffff),
    random(0, 0xfff), random(0x8000, 0xbfff), random(0, 0xffffff), random(0, 0xffffff))
end

local id = os.getenv("BENCH_IDS") == "random" and random or counted

function request()
  count = count + 1
  local after = bodies == 1 and first or delivery(count % bodies)
  return before .. id() .. "\r\nX-Gitea-Signature: " .. after
end

local pause = tonumber(os.getenv("BENCH_PAUSE_MS") or 0)
if pause > 0 then
  -- Spread, so that the connections do not march in step.
  function delay() return math.floor(pause * (0.5 + math.random()) + 0.5) end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %.3f %.0f %.0f %d\n", summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    e.status + e.connect + e.read + e.write + e.timeout))
end
