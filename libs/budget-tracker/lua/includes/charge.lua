--- @include "ledger"
--- @include "decimal"
-- Whether the spend would pass what can be counted exactly.
local function overflows(ledger, amount, units)
  if ledger.spent + amount > MAX_MICROS then
    return true
  end
  if units and ledger.units then
    for _, unit in ipairs(ledger.units) do
      if unit.spent + units[unit.at] > MAX_MICROS then
        return true
      end
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
  if ledger.units then
    for _, unit in ipairs(ledger.units) do
      part = math.max(part, unit.spent / unit.limit)
    end
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
  ledger.exceeded = ledger.exceeded or ledger.spent > ledger.limit
  if ledger.settings then
    ledger.settings.countUnits("spent", units, 1)
    for _, unit in ipairs(ledger.units) do
      ledger.exceeded = ledger.exceeded or unit.spent > unit.limit
    end
  end
  redis.call("SET", SPENT, formatDecimal(ledger.spent), "KEEPTTL")
  if ledger.exceeded then
    redis.call("SET", EXCEEDED, "1", "KEEPTTL")
  end
  local after = usage(ledger)
  local function reached(part, bit)
    return before < part and after >= part and bit or 0
  end
  local crossed = reached(0.5, 1) + reached(0.8, 2) + reached(1, 4)
  return crossed > 0 and crossed or nil
end
