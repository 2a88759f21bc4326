-- Stop being the leader, so that another monitor need not wait for the lock to expire.
--
-- KEYS  leader
-- ARGV  token

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
