--- @include "ledger"
-- Whether the spend would pass what can be counted exactly.
local function overflows(ledger, amount, units)
  if ledger.spent + amount > MAX_MICROS then
    return true
  end
  for _, unit in ipairs(units and ledger.units or {}) do
    if unit.spent + units[unit.at] > MAX_MICROS then
      return true
    end
  end
  return false
end

-- Whether a cost counts in a window that is not begun yet. A closed budget begins none.
local function isAfterWindow(ledger)
  return ledger.ended and not ledger.isClosed
end

-- The part of its limit that is spent, of the one that is used up furthest.
local function usage(ledger)
  local part = ledger.spent / ledger.limit
  for _, unit in ipairs(ledger.units or {}) do
    part = math.max(part, unit.spent / unit.limit)
  end
  return part
end

-- What a record has reached, as a reply tells it: nothing that was in a window that is over.
local function crossedNow(ledger, record)
  local isNow = not record.crossedIn or record.crossedIn == ledger.endsAt
  return isNow and record.crossed or 0
end

-- Adds to the spend, as much as can be counted, and marks the budget once it is past a limit. Returns which thresholds
-- that has reached, as a record keeps them; nil for none.
local function charge(ledger, amount, units)
  local before = usage(ledger)
  ledger.spent = math.min(ledger.spent + amount, MAX_MICROS)
  countUnits(ledger, "spent", units, 1)
  ledger.exceeded = ledger.exceeded or ledger.spent > ledger.limit
  for _, unit in ipairs(ledger.units or {}) do
    ledger.exceeded = ledger.exceeded or unit.spent > unit.limit
  end
  redis.call("SET", SPENT, formatDecimal(ledger.spent), "KEEPTTL")
  if ledger.exceeded then
    redis.call("SET", EXCEEDED, "1", "KEEPTTL")
  end
  local after, crossed = usage(ledger), 0
  for bit, level in pairs({ [1] = 50, [2] = 80, [4] = 100 }) do
    if before < level / 100 and after >= level / 100 then
      crossed = crossed + bit
    end
  end
  return crossed > 0 and crossed or nil
end
