-- Gives back what expired holds had set aside.
local now = formatInteger(ledger.now)
local ids, records = redis.call("ZRANGEBYSCORE", HOLDS, "-inf", now), {}
for at, id in ipairs(ids) do
  local active = redis.call("HGET", DONE, "h:" .. id)
  records[at] = active and parseRecord(active)
  if not records[at] or records[at].state ~= "A" then
    return corrupt(DONE)
  end
  local failure = takeBack(ledger, records[at])
  if failure then
    return failure
  end
end
for at, id in ipairs(ids) do
  records[at].state = "E"
  redis.call("HSET", DONE, "h:" .. id, formatRecord(ledger, records[at]))
  redis.call("ZREM", HOLDS, id)
end
local first = redis.call("ZRANGE", HOLDS, 0, 0, "WITHSCORES")
ledger.nextExpiry = math.min(tonumber(first[2]) or NEVER, NEVER)
-- What only looks writes nothing where nothing has expired: Redis may refuse writes.
if #ids > 0 then
  writeLedger(ledger)
end
