-- Stage one piece of a flush that is too large for one script: nothing of it is visible yet.
--
-- KEYS[1]  the meta hash     KEYS[2]  the hash of staged pieces
-- ARGV[1]  this owner's epoch     ARGV[2]  the seq it last wrote     ARGV[3]  the seq of this flush
-- ARGV[4]  the piece's number, from 0     ARGV[5]  the piece     ARGV[6]  seconds it is kept unless it is committed
-- ARGV[7]  how many pieces there are: with the last one the flush is committed. From then on it has happened: whoever
--          takes the partition carries it out.
--
-- Answers as flush.lua does; {'repeated'} when this very flush is committed, or done, already.

local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'staged')
local epoch, seq, staged = held[1] or '', held[2] or '', held[3]

if epoch ~= ARGV[1] then
  if epoch ~= '' and tonumber(epoch) > tonumber(ARGV[1]) then
    return {'fenced', epoch}
  end
  return {'lost', seq}
end
if seq == ARGV[3] or staged == ARGV[3] then
  return {'repeated'}
end
if seq ~= ARGV[2] or staged then
  return {'lost', seq}
end

if ARGV[4] == '0' then
  redis.call('UNLINK', KEYS[2])
end
redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
if tonumber(ARGV[4]) + 1 < tonumber(ARGV[7]) then
  redis.call('EXPIRE', KEYS[2], ARGV[6])
else
  redis.call('PERSIST', KEYS[2])
  redis.call('HSET', KEYS[1], 'staged', ARGV[3])
end
return {'written'}
