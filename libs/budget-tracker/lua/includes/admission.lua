--- @include "ledger"
-- The code of what shuts a budget; nil while it is open.
local function whyShut(ledger)
  return (ledger.isClosed and "CLOSED")
    or (ledger.frozen and "FROZEN")
    or (ledger.carve == "pending" and "PENDING")
    or (ledger.ended and "WINDOW_ENDED")
    or nil
end

-- The limit that what is to be set aside would pass, or that is passed already: "usd" or a unit.
local function limitPassed(ledger, amount, units)
  if ledger.spent + ledger.held + amount > ledger.limit then
    return "usd"
  end
  for _, unit in ipairs(ledger.units or {}) do
    if unit.spent + unit.held + (units and units[unit.at] or 0) > unit.limit then
      return unit.name
    end
  end
  -- Another may have set it.
  return ledger.exceeded and "usd"
end
