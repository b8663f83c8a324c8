--- @include "ledger"
--[[
  Reads the budget into `ledger`, its expired holds settled, and what `field` of DONE stands for into `text`: false
  where it is not there. Wants the local `field`, nil for none. Ends the script when there is no budget or something is
  corrupt.
]]
local ledger, text
do
  local usd = redis.call("MGET", BUDGET, SPENT, EXCEEDED)
  for at = 1, 3 do
    -- MGET takes a key of another type for one that is not there; GET fails on it.
    if not usd[at] and not redis.call("GET", KEYS[at]) then
      return at == 1 and { "NOT_FOUND" } or corrupt(KEYS[at])
    end
  end
  local limit, spent, exceeded = parseDecimal(usd[1], false), parseDecimal(usd[2], true), usd[3]
  if not limit then
    return corrupt(BUDGET)
  end
  if not spent then
    return corrupt(SPENT)
  end
  if exceeded ~= "0" and exceeded ~= "1" then
    return corrupt(EXCEEDED)
  end

  local done = redis.call("HMGET", DONE, "balance", field or "balance")
  local held, seq, nextExpiry, flags, isFirstLayout
  if done[1] then
    held, seq, nextExpiry, flags = string.match(done[1], "^2|(%d+)|(%d+)|(%d+)|(f?s?)$")
    if not flags then
      return corrupt(DONE)
    end
    held, seq, nextExpiry = tonumber(held), tonumber(seq), tonumber(nextExpiry)
    if held > MAX_MICROS or seq > MAX_MICROS or nextExpiry > NEVER then
      return corrupt(DONE)
    end
  else
--- @include "first-layout"
  end

  local time = redis.call("TIME")
  ledger = {
    limit = limit,
    spent = spent,
    held = held,
    seq = seq,
    nextExpiry = nextExpiry,
    exceeded = exceeded == "1" or spent > limit,
    now = time[1] * 1000 + math.floor(time[2] / 1000),
    isFirstLayout = isFirstLayout,
  }
  if flags ~= "" then
    ledger.frozen = string.sub(flags, 1, 1) == "f"
    if string.sub(flags, -1) == "s" then
--- @include "settings"
    end
  end
  text = done[2]
  if nextExpiry <= ledger.now then
--- @include "settle-expired"
    text = field and redis.call("HGET", DONE, field)
  end
end
