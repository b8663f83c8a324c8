-- Brings a budget of the first layout to this one: held, seq and frozen were fields of `ledger`. Processes that know the
-- first layout only refuse the budget from then on.
if redis.call("HGET", DONE, "v") ~= "1" then
  return corrupt(DONE)
end
local first = redis.call("HMGET", LEDGER, "held", "seq", "frozen")
local held, seq = parseInteger(first[1]), parseInteger(first[2])
if not held or not seq then
  return corrupt(LEDGER)
end
redis.call("HDEL", LEDGER, "held", "seq", "frozen")
local flags = (first[3] and "f" or "") .. (redis.call("EXISTS", LEDGER) == 1 and "s" or "")
redis.call("HSET", DONE, "balance", string.format("2|%d|%d|0|%s", held, seq, flags))
redis.call("HDEL", DONE, "v")
