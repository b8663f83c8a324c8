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

local function childId(child, incarnation)
  return child .. "\0" .. incarnation
end

-- What the arguments say of a child, and a reply when they cannot.
local function readChild(child, incarnation)
  if child == "" or incarnation == "" or string.find(child .. incarnation, "%z") then
    return invalid("child")
  end
  return read("k:" .. childId(child, incarnation), parseChild)
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

-- Writes what is known of a child.
local function writeChild(ledger, id, child)
  local text = string.format(
    "%s|%s|%d|%s|%s",
    formatAmounts(child.held),
    formatAmounts(child.charged),
    child.crossed,
    formatInteger(child.crossedIn),
    child.settled and formatInteger(child.settled) or ""
  )
  redis.call("HSET", DONE, "k:" .. id, text)
  if child.settled then
    redis.call("ZREM", HOLDS, "\0" .. id)
  else
    redis.call("ZADD", HOLDS, UNSETTLED, "\0" .. id)
  end
end
