--[[
  The guard on micro-USD a minute: a bucket of that size that drains evenly within a minute. The products stay below
  2^53, for a velocity is at most 1e11. Works on `ledger`, and is part of its `settings`.
]]
-- Whether the bucket was filled by a clock that was ahead: more than a full one takes to drain.
local function isAhead()
  return ledger.levelAt > ledger.now + 60000
end

-- What the bucket still holds; nothing where nobody can tell.
function settings.bucketLevel()
  if isAhead() then
    return 0
  end
  local elapsed = math.min(math.max(0, ledger.now - ledger.levelAt), 60000)
  return math.max(0, ledger.level - math.floor(elapsed * ledger.velocity / 60000))
end

-- Fills the bucket by an amount, until it is full.
function settings.fillBucket(amount)
  if ledger.velocity then
    ledger.level = math.min(ledger.velocity, settings.bucketLevel() + amount)
    ledger.levelAt = isAhead() and ledger.now or math.max(ledger.levelAt, ledger.now)
    settings.change("level", formatInteger(ledger.level))
    settings.change("level_at", formatInteger(ledger.levelAt))
  end
end
