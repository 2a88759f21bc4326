-- Note that alerts were told, and that the message they were posted in need not be looked for any more.
--
-- KEYS  alerts that were told, messages that are being posted
-- ARGV  the real time, the time before which those told are let go of, then the alerts

for at = 3, #ARGV do
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[at])
  redis.call('HDEL', KEYS[2], ARGV[at])
end
return redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
