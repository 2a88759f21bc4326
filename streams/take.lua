-- Take a partition: raise its epoch above every earlier owner's and answer the meta hash.
--
-- KEYS[1]  the meta hash
-- ARGV[1]  a floor for the epoch: the real time in milliseconds. After a flushed Redis the epoch must still be above
--          that of an owner from before, or it could pass for the new one.

local held = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
local epoch = math.max(held + 1, tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch))
redis.call('HSETNX', KEYS[1], 'seq', '0')
return redis.call('HGETALL', KEYS[1])
