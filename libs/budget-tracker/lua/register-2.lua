--[[
  Enters a run into the index that list pages through, and drops entries long past their time.

  KEYS     1 runs    sorted set of run ids, all with score 0: ordered by their bytes
           2 expiry  sorted set of run ids by the epoch ms after which the entry is of no use
  ARGV     1 run id
           2 time to live of the budget, ms, or "": it is lasting
  returns  {DONE}
]]
-- The index and the run may live on nodes whose clocks differ.
local MARGIN_MS = 60 * 60 * 1000
local DROP_AT_ONCE = 100

local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local old = redis.call(
  "ZRANGEBYSCORE", KEYS[2], "-inf", string.format("%.0f", now), "LIMIT", 0, DROP_AT_ONCE
)
if #old > 0 then
  redis.call("ZREM", KEYS[1], unpack(old))
  redis.call("ZREM", KEYS[2], unpack(old))
end
redis.call("ZADD", KEYS[1], 0, ARGV[1])
local expires = ARGV[2] == "" and "+inf" or string.format("%.0f", now + ARGV[2] + MARGIN_MS)
redis.call("ZADD", KEYS[2], expires, ARGV[1])
return { "DONE" }
