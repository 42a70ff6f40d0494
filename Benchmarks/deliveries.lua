-- wrk script: every request is the same signed push under a delivery id of its own.
-- BENCH_BODY: file with the body; BENCH_SIGNATURE: its HMAC in hex.
local file = assert(io.open(assert(os.getenv("BENCH_BODY")), "rb"))
local body = file:read("*a")
file:close()

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local prefix, count, before, after
function init()
  -- Unique over threads and runs: thread, time of start, counter.
  local seed = io.popen("od -An -N6 -tx1 /dev/urandom | tr -d ' \\n'")
  prefix = string.format("bench-%d-%s-", number, seed:read("*a"))
  seed:close()
  count = 0
  before = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host
    .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body
    .. "\r\nX-Gitea-Event: push\r\nX-Gitea-Event-Type: push\r\nX-Gitea-Signature: "
    .. assert(os.getenv("BENCH_SIGNATURE")) .. "\r\nX-Gitea-Delivery: "
  after = "\r\n\r\n" .. body
end

function request()
  count = count + 1
  return before .. prefix .. count .. after
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %.3f %.0f %.0f %d\n", summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    e.status + e.connect + e.read + e.write + e.timeout))
end
