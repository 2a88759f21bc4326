-- Write back what Redis has lost of a hash, if this monitor leads.
--
-- KEYS  leader, writes, the hash
-- ARGV  token, then fields and values by turns ('' takes a field away)
--
-- Answers 1 when it was written. It counts as a change, so that other monitors see that one leads.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
for at = 2, #ARGV, 2 do
  if ARGV[at + 1] == '' then
    redis.call('HDEL', KEYS[3], ARGV[at])
  else
    redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
  end
end
redis.call('INCR', KEYS[2])
return 1
