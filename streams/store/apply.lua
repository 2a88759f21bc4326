-- Carry out one piece of a committed flush, once.
--
-- KEYS[1]  the meta hash     KEYS[2]  the hash of staged pieces; the others are those that the piece writes
-- ARGV[1]  the epoch of who carries it out     ARGV[2]  the piece's number
--
-- Answers as flush.lua does; {'repeated'} when it was carried out before. With the last piece the flush is done: its seq
-- is that of the partition.

local epoch = redis.call('HGET', KEYS[1], 'epoch') or ''
if epoch ~= ARGV[1] then
  if epoch ~= '' and tonumber(epoch) > tonumber(ARGV[1]) then
    return {'fenced', epoch}
  end
  return {'lost', ''}
end
local piece = redis.call('HGET', KEYS[2], ARGV[2])
if not piece then
  return {'repeated'}
end

local keys, commands = unpack(cmsgpack.unpack(piece))
carry_out(commands, keys)

redis.call('HDEL', KEYS[2], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[1], 'seq', redis.call('HGET', KEYS[1], 'staged'))
  redis.call('HDEL', KEYS[1], 'staged')
end
return {'written'}
