--- @include "ledger"
-- Children of a budget: see KEYS 5 and 6 of the ledger. Their costs are lists of amounts, money first.

-- The score of children that are not settled: of no hold, for those expire before.
local UNSETTLED = "8640000000000001"

-- How many children are not settled.
local function countChildren()
  return redis.call("ZCOUNT", HOLDS, UNSETTLED, UNSETTLED)
end

-- How many holds are under way.
local function countHolds()
  return redis.call("ZCOUNT", HOLDS, "-inf", "(" .. UNSETTLED)
end

-- The amounts of a cost, money first; nil when it is none.
local function parseAmounts(text)
  local money, units = parseCost(text)
  return money and { money, unpack(units or { 0, 0, 0 }) }
end

local function formatAmounts(amounts)
  local hasUnits = amounts[2] + amounts[3] + amounts[4] > 0
  return formatCost(amounts[1], hasUnits and { amounts[2], amounts[3], amounts[4] } or nil)
end

-- What is known of a child; nil when it is corrupt.
local function parseChild(text)
  local held, charged, crossed, crossedIn, settled =
    string.match(text, "^([%d,]+)|([%d,]+)|([0-7])|(%d+)|(%d*)$")
  local child = {
    held = parseAmounts(held),
    charged = parseAmounts(charged),
    crossed = tonumber(crossed),
    crossedIn = parseInteger(crossedIn),
    settled = parseInteger(settled),
  }
  local isSound = child.held and child.charged and child.crossedIn and (settled == "" or child.settled)
  return isSound and child or nil
end

local function childId(child, incarnation)
  return child .. "\0" .. incarnation
end

-- Whether the arguments name a child.
local function isChild(child, incarnation)
  return child ~= "" and incarnation ~= "" and not string.find(child .. incarnation, "%z")
end

local function combine(some, others, of)
  local combined = {}
  for at = 1, 4 do
    combined[at] = of(some[at], others[at])
  end
  return combined
end

local function minus(some, others)
  return combine(some, others, function(one, other)
    return math.max(0, one - other)
  end)
end

local function plus(some, others)
  return combine(some, others, function(one, other)
    return math.min(one + other, MAX_MICROS)
  end)
end

local function isNothing(amounts)
  return amounts[1] + amounts[2] + amounts[3] + amounts[4] == 0
end

-- The units of amounts.
local function unitsOf(amounts)
  return { amounts[2], amounts[3], amounts[4] }
end

-- Lists a child among those that are not settled, or takes it out.
local function listChild(id, child)
  if child.settled then
    redis.call("ZREM", HOLDS, "\0" .. id)
  else
    redis.call("ZADD", HOLDS, UNSETTLED, "\0" .. id)
  end
end

local function formatChild(child)
  return string.format(
    "%s|%s|%d|%d|%s",
    formatAmounts(child.held),
    formatAmounts(child.charged),
    child.crossed,
    child.crossedIn,
    child.settled and formatInteger(child.settled) or ""
  )
end
