--[[
  A page of the children that are not settled, in the order of the bytes of their ids.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 run id of the child after which the page starts, or ""
           2 its incarnation
           3 most children
  returns  {DONE, <ledger>, then for each child: run id, incarnation, what is set aside}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/child"
local most = parseInteger(ARGV[3])
if not most then
  return invalid("argument")
end
local field
--- @include "includes/read"

-- How many members stand before those that are asked for.
local function offset()
  if ARGV[1] == "" then
    return 0
  end
  local member = "\0" .. childId(ARGV[1], ARGV[2])
  -- The child may have been settled since: its place is looked up as if it were there.
  local isGone = redis.call("ZADD", HOLDS, "NX", UNSETTLED, member) == 1
  local rank = redis.call("ZRANK", HOLDS, member) + (isGone and 0 or 1)
  if isGone then
    redis.call("ZREM", HOLDS, member)
  end
  return rank - countHolds()
end

local answer = reply("DONE", ledger)
local members = redis.call("ZRANGEBYSCORE", HOLDS, UNSETTLED, UNSETTLED, "LIMIT", offset(), most)
for _, member in ipairs(members) do
  local id = string.sub(member, 2)
  local text = redis.call("HGET", DONE, "k:" .. id)
  local child, run, incarnation = text and parseChild(text), string.match(id, "^(%Z+)%z(%Z+)$")
  if not child or child.settled or not run then
    return corrupt(DONE)
  end
  answer[#answer + 1] = run
  answer[#answer + 1] = incarnation
  answer[#answer + 1] = formatAmounts(child.held)
end
return answer
