-- Take the head off the outbox once it is delivered or given up, if this monitor leads and the head is still it.
--
-- KEYS  leader, outbox, dead
-- ARGV  token, message, '1' to keep it among the dead, how many dead are kept
--
-- Answers 1 when it was taken off, else 0.

if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('LINDEX', KEYS[2], 0) ~= ARGV[2] then
  return 0
end
redis.call('LPOP', KEYS[2])
if ARGV[3] == '1' then
  redis.call('RPUSH', KEYS[3], ARGV[2])
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[4]), -1)
end
return 1
