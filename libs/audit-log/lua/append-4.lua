--[[
Appends sealed records behind the head that the caller sealed them for, or changes nothing.

KEYS 1 audit:{tenant}        stream; the record with sequence n has the id n-0
     2 audit-head:{tenant}   hash: sequence, hash of the last record
     3 audit-index:{tenant}  sorted set, by member: <field> NUL <value> NUL <sequence, 16 digits>
     4 audit-turn:{tenant}   the writer whose turn it is, for a short time
ARGV 1 sequence of the head the records were sealed for ("0" for an empty chain)
     2 its hash
     3 the writer's name
     4 how long a turn lasts, in milliseconds
     then for each record: body, hash, context ("" for none), decision_id, run_id ("" for none)

Returns {"appended"}
        {"stale", sequence, hash}  the head is another one: seal again. The writer gets the next
                                   turn when it is nobody's, so that a distant writer is not
                                   overtaken for ever by a near one.
        {"wait", sequence, hash}   it is another writer's turn
Errors  CORRUPT  the stream already holds a record behind the head
]]
local stream, head_key, index, turn_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local expected, expected_hash, writer = ARGV[1], ARGV[2], ARGV[3]
local first = tonumber(expected) + 1

local function id(sequence)
  return string.format('%d-0', sequence)
end

local head = redis.call('HMGET', head_key, 'sequence', 'hash')
local sequence = head[1] or '0'
local hash = head[2] or string.rep('0', 64)

if sequence ~= expected or hash ~= expected_hash then
  -- A client resends what it had sent before its connection broke: it may have been done.
  local there = redis.call('XRANGE', stream, id(first), id(first))[1]
  if there and there[2][4] == ARGV[6] and there[2][6] == writer then
    return { 'appended' }
  end
  redis.call('SET', turn_key, writer, 'PX', ARGV[4], 'NX')
  return { 'stale', sequence, hash }
end

local turn = redis.call('GET', turn_key)
if turn and turn ~= writer then
  return { 'wait', sequence, hash }
end

local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if last and tonumber(string.match(last[1], '^%d+')) >= first then
  return redis.error_reply('CORRUPT the audit stream holds a record behind its head')
end

local next_sequence = first
for i = 5, #ARGV, 5 do
  local body, record_hash, context = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local fields = { 'body', body, 'hash', record_hash, 'writer', writer }
  if context ~= '' then
    fields[7], fields[8] = 'context', context
  end
  redis.call('XADD', stream, id(next_sequence), unpack(fields))
  local place = string.format('%016d', next_sequence)
  redis.call('ZADD', index, 0, 'decision_id\0' .. ARGV[i + 3] .. '\0' .. place)
  if ARGV[i + 4] ~= '' then
    redis.call('ZADD', index, 0, 'run_id\0' .. ARGV[i + 4] .. '\0' .. place)
  end
  hash = record_hash
  next_sequence = next_sequence + 1
end
redis.call('HSET', head_key, 'sequence', string.format('%d', next_sequence - 1), 'hash', hash)
if turn then
  redis.call('DEL', turn_key)
end
return { 'appended' }
