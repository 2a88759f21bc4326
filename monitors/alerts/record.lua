-- Record a transition and its message in one step, if this monitor leads and the state is what it judged from.
--
-- KEYS  leader, state, outbox, told
-- ARGV  token, goal, state before ('' for none), state after ('' for none), message ('' for none), how many told are kept, '1' to send it
--
-- Answers 'written', 'repeated' (this very step is already there: its reply was lost), 'follower' or 'changed'.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'follower'
end
local held = redis.call('HGET', KEYS[2], ARGV[2]) or ''
if held ~= ARGV[3] then
  return held == ARGV[4] and 'repeated' or 'changed'
end
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[2], ARGV[2])
else
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
end
if ARGV[5] ~= '' then
  if ARGV[7] == '1' then
    redis.call('RPUSH', KEYS[3], ARGV[5])
  end
  redis.call('RPUSH', KEYS[4], ARGV[5])
  redis.call('LTRIM', KEYS[4], -tonumber(ARGV[6]), -1)
end
return 'written'
