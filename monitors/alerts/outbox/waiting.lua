-- The oldest messages of a lane, for the monitor that leads: what another one sends is not sent twice.
--
-- KEYS  leader, lane
-- ARGV  token, how many at most

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {}
end
return redis.call('LRANGE', KEYS[2], 0, tonumber(ARGV[2]) - 1)
