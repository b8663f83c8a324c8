--[[
  Sets an amount aside if it fits.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 hold id
           2 cost, more than nothing
           3 time to live of the hold, ms, or "": it never expires
           4 what the action does, as a digest, or ""
  returns  {DONE, <ledger>, held, expires at, state A or C, replayed 0 or 1}
           | {CLOSED, <ledger>} | {FROZEN, <ledger>} | {PENDING, <ledger>} | {WINDOW_ENDED, <ledger>}
           | {BUDGET_EXCEEDED, <ledger>, usd or a unit} | {LOOPING, <ledger>, retry after ms}
           | {TOO_FAST, <ledger>, retry after ms or "" for never} | {HOLD_CONFLICT, held, charged or ""}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/hold"
local id = ARGV[1]
local amount, units = parseCost(ARGV[2])
if not amount or (amount == 0 and not units) then
  return invalid("amount")
end
local ttl = parseTtl(ARGV[3])
if not ttl and ARGV[3] ~= "" then
  return invalid("ttl")
end

local field = "h:" .. id
--- @include "includes/read-record"
if record then
  if not isSameCost(record.held, record.heldUnits, amount, units) then
    return conflict(record)
  end
  if record.state == "A" or record.state == "C" then
    return replyHeld(ledger, record, true)
  end
end

--- @include "includes/admission"
local settings = ledger.settings
local call, count, since = ledger.calls and ARGV[4] ~= "" and "c:" .. ARGV[4], 0, ledger.now
if call then
  local text = redis.call("HGET", DONE, call)
  local times, first = string.match(text or "0|0", "^(%d+)|(%d+)$")
  times, first = parseInteger(times), parseInteger(first)
  if not times or not first then
    return corrupt(DONE)
  end
  local left = first + ledger.within - ledger.now
  if left > 0 then
    count, since = times, first
  end
  if count >= ledger.calls then
    return reply("LOOPING", ledger, left)
  end
end
if ledger.velocity then
  local over = settings.bucketLevel() + amount - ledger.velocity
  if amount > ledger.velocity then
    return reply("TOO_FAST", ledger, "")
  end
  if over > 0 then
    -- As text: it may be more than an integer reply can say.
    return reply("TOO_FAST", ledger, formatInteger(math.ceil(over * 60000 / ledger.velocity)))
  end
end

local expires = ttl and ledger.now + ttl or NEVER
record = { state = "A", held = amount, heldUnits = units, expires = formatInteger(expires) }
redis.call("ZADD", HOLDS, record.expires, id)
if call then
  redis.call("HSET", DONE, call, formatInteger(count + 1) .. "|" .. formatInteger(since))
end
ledger.held = ledger.held + amount
ledger.nextExpiry = math.min(ledger.nextExpiry, expires)
if settings then
  settings.countUnits("held", units, 1)
  settings.fillBucket(amount)
end
recordOperation(ledger, field, formatRecord(ledger, record))
return replyHeld(ledger, record, false)
