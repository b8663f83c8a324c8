-- Reads a budget of the first layout: held, seq and frozen were fields of `ledger`, and DONE had `v` for the balance. The
-- next write of the ledger brings it to this layout. Processes that know the first one only refuse it from then on.
if redis.call("HGET", DONE, "v") ~= "1" then
  return corrupt(DONE)
end
local first = redis.call("HMGET", LEDGER, "held", "seq", "frozen")
held, seq, nextExpiry = parseInteger(first[1]), parseInteger(first[2]), 0
if not held or not seq or (first[3] and first[3] ~= "1") then
  return corrupt(LEDGER)
end
local hasSettings = redis.call("HLEN", LEDGER) > (first[3] and 3 or 2)
flags, isFirstLayout = (first[3] and "f" or "") .. (hasSettings and "s" or ""), true
