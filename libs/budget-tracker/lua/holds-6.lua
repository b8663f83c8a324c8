--[[
  The holds under way, in the order in which they expire, then of their ids.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 most holds
  returns  {DONE, <ledger>, then for each hold: id, cost, expires at}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/hold"
local most = parseInteger(ARGV[1])
if not most then
  return invalid("argument")
end

local field
--- @include "includes/read"

local answer = reply("DONE", ledger)
-- Without children and the sentinel.
local ids = redis.call("ZRANGEBYSCORE", HOLDS, "-inf", formatInteger(NEVER), "LIMIT", 0, most)
for _, id in ipairs(ids) do
  local text = redis.call("HGET", DONE, "h:" .. id)
  local record = text and parseRecord(text)
  if not record or record.state ~= "A" then
    return corrupt(DONE)
  end
  answer[#answer + 1] = id
  answer[#answer + 1] = formatCost(record.held, record.heldUnits)
  answer[#answer + 1] = record.expires
end
return answer
