--- @include "cost"
-- Records of what hold ids and idempotency keys stand for: see KEYS 6 of the ledger.

-- The record in a text; nil when it is corrupt. The instant at which it expires stays a text.
local function parseRecord(text)
  local state, held, expires, charged, mark, rest =
    string.match(text, "^([ACRE])|([%d,]+)|(%d+)|([%d,]*)|([LU]?)(.*)$")
  if not state or (state == "C") ~= (charged ~= "") then
    return nil
  end
  local record = { state = state, expires = expires, mark = mark }
  record.held, record.heldUnits = parseCost(held)
  if state == "C" then
    record.charged, record.chargedUnits = parseCost(charged)
  end
  if not record.held or not parseInteger(expires) or (state == "C") ~= (record.charged ~= nil) then
    return nil
  end
  if rest ~= "" then
    local reached, settled = string.match(rest, "^|([%d@]*)|(%d+)$")
    reached = reached or string.match(rest, "^|([%d@]+)$")
    if not reached then
      return nil
    end
    local crossed, window = string.match(reached, "^([1-7])@(%d+)$")
    crossed = crossed or string.match(reached, "^[1-7]$")
    record.crossed, record.settled = tonumber(crossed), parseInteger(settled)
    record.crossedIn = parseInteger(window)
    local isSound = (crossed or reached == "") and (record.settled or not settled)
    if not isSound or (window and not record.crossedIn) then
      return nil
    end
  end
  return record
end

local function formatRecord(ledger, record)
  local text = record.state
    .. "|"
    .. formatCost(record.held, record.heldUnits)
    .. "|"
    .. record.expires
    .. "|"
    .. (record.charged and formatCost(record.charged, record.chargedUnits) or "")
    .. "|"
    .. (record.mark or "")
  local reached = record.crossed or ""
  if record.crossed and record.crossedIn then
    reached = string.format("%d@%d", record.crossed, record.crossedIn)
  end
  if ledger.lasting and record.state ~= "A" then
    text = string.format("%s|%s|%d", text, reached, ledger.now)
  elseif record.crossed then
    text = text .. "|" .. reached
  end
  return text
end
