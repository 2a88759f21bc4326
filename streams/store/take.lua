-- Take a partition: raise its epoch above every earlier owner's and answer the meta hash.
--
-- What an owner staged and did not commit is dropped; what it committed is for the new owner to carry out.
--
-- KEYS[1]  the meta hash     KEYS[2]  the hash of staged pieces
-- ARGV[1]  a floor for the epoch: the real time in milliseconds. After a flushed Redis the epoch must still be above
--          that of an owner from before, or it could pass for the new one.

local held = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
local epoch = math.max(held + 1, tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch))
redis.call('HSETNX', KEYS[1], 'seq', '0')
if redis.call('HEXISTS', KEYS[1], 'staged') == 0 then
  redis.call('UNLINK', KEYS[2])
end
return redis.call('HGETALL', KEYS[1])
