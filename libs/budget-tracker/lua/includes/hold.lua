--- @include "ledger"
-- Milliseconds of a time to live, or nil; at most three hundred years.
local function parseTtl(text)
  local ttl = parseInteger(text)
  return ttl and ttl > 0 and ttl <= 1e13 and ttl or nil
end

-- {DONE, <ledger>, held, expires at, state, replayed}
local function replyHeld(ledger, record, replayed)
  return reply("DONE", ledger, record.held, record.expires, record.state, replayed and 1 or 0)
end
