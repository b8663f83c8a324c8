--[[
  Charges a budget with what a child has spent in all; what was charged before counts. What is set aside for the child
  becomes less by as much.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 run id of the child
           2 its incarnation
           3 cost: what it has spent in all
           4 cost: what was charged before, where there is no record of the child
           5 "settled" or "lost" when nothing is to be set aside any more, else ""; of one that is lost what is set
             aside is charged instead
  returns  {DONE, <ledger>, thresholds that the charges for the child have reached in the window, replayed 0 or 1} | {WINDOW_ENDED, <ledger>}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/charge"
--- @include "includes/child"
local id = childId(ARGV[1], ARGV[2])
local total, paid = parseAmounts(ARGV[3]), parseAmounts(ARGV[4])
if not total or not paid then
  return invalid("amount")
end
local isLost = ARGV[5] == "lost"
local isEnd = isLost or ARGV[5] == "settled"
if not isEnd and ARGV[5] ~= "" then
  return invalid("child")
end
if not isChild(ARGV[1], ARGV[2]) then
  return invalid("child")
end

local field = "k:" .. id
--- @include "includes/read-child"
if isAfterWindow(ledger) then
  return reply("WINDOW_ENDED", ledger)
end
local window = ledger.endsAt or 0
local isKnown = child ~= nil
child = child or { held = { 0, 0, 0, 0 }, charged = paid, crossed = 0, crossedIn = 0 }
local before = child.crossedIn == window and child.crossed or 0
local more = isLost and child.held or minus(total, child.charged)
local freed = isEnd and child.held or combine(child.held, more, math.min)
local isSame = isNothing(more) and isNothing(freed) and isKnown and (child.settled ~= nil or not isEnd)
if isSame or (isLost and (not isKnown or child.settled)) then
  return reply("DONE", ledger, before, 1)
end
local failure = takeBack(ledger, { held = freed[1], heldUnits = unitsOf(freed) })
if failure then
  return failure
end

child.held, child.charged = minus(child.held, freed), plus(child.charged, more)
child.settled = (isEnd or child.settled) and ledger.now or nil
listChild(id, child)
local crossed = charge(ledger, more[1], unitsOf(more)) or 0
-- What was reached before in the window is below what is reached now.
child.crossed, child.crossedIn = before + crossed, window
recordOperation(ledger, field, formatChild(child))
return reply("DONE", ledger, child.crossed, 0)
