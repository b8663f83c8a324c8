--[[
  Sets the limit of a child aside; what is set aside already counts.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 run id of the child
           2 its incarnation
           3 its limits, a cost of more than nothing
  returns  {DONE, <ledger>, what is set aside, replayed 0 or 1}
           | {SETTLED, <ledger>}
           | {CLOSED, <ledger>} | {FROZEN, <ledger>} | {PENDING, <ledger>} | {WINDOW_ENDED, <ledger>}
           | {BUDGET_EXCEEDED, <ledger>, usd or a unit} | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/child"
local id = childId(ARGV[1], ARGV[2])
local limits = parseAmounts(ARGV[3])
if not limits or isNothing(limits) then
  return invalid("amount")
end
if not isChild(ARGV[1], ARGV[2]) then
  return invalid("child")
end

local field = "k:" .. id
--- @include "includes/read-child"
if child and child.settled then
  return reply("SETTLED", ledger)
end
local isKnown = child ~= nil
child = child or { held = { 0, 0, 0, 0 }, charged = { 0, 0, 0, 0 }, crossed = 0, crossedIn = 0 }
local more = minus(limits, child.held)
if isKnown and isNothing(more) then
  return reply("DONE", ledger, formatAmounts(child.held), 1)
end

local amount, units = more[1], unitsOf(more)
--- @include "includes/admission"
child.held = plus(child.held, more)
listChild(id, child)
ledger.held = ledger.held + amount
if ledger.settings then
  ledger.settings.countUnits("held", units, 1)
end
recordOperation(ledger, field, formatChild(child))
return reply("DONE", ledger, formatAmounts(child.held), 0)
