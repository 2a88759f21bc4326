-- One fenced, atomic flush of one partition.
--
-- KEYS[1]  the meta hash; the other keys are named by their place in KEYS.
-- ARGV[1]  this owner's epoch     ARGV[2]  the seq it last wrote     ARGV[3]  the seq of this flush
-- then commands, one after the other: name, place of the key, seconds to live (0: for ever), argument count, arguments.
--
-- Answers {'written'}, {'repeated'} (this very flush is already there: its reply was lost),
-- {'fenced', epoch} (another owner took the partition) or {'lost', seq or ''} (Redis went back in time).

local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
local epoch = held[1] or ''
local seq = held[2] or ''

if epoch ~= ARGV[1] then
  if epoch ~= '' and tonumber(epoch) > tonumber(ARGV[1]) then
    return {'fenced', epoch}
  end
  return {'lost', seq}
end
if seq ~= ARGV[2] then
  if seq == ARGV[3] then
    return {'repeated'}
  end
  return {'lost', seq}
end

-- Lua's stack bounds how many arguments one call takes.
local STEP = 4000

local at = 4
while at <= #ARGV do
  local name, key, ttl, count = ARGV[at], KEYS[tonumber(ARGV[at + 1])], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local first, last = at + 4, at + 3 + count
  if count == 0 then
    redis.call(name, key)
  end
  for from = first, last, STEP do
    redis.call(name, key, unpack(ARGV, from, math.min(from + STEP - 1, last)))
  end
  if ttl > 0 then
    redis.call('EXPIRE', key, ttl)
  end
  at = last + 1
end

redis.call('HSET', KEYS[1], 'seq', ARGV[3])
return {'written'}
