-- Record a transition and its message in one step, if this monitor leads and the state is what it judged from.
--
-- KEYS  leader, state, told, acknowledged, writes, then the lanes that the message is put in
-- ARGV  token, goal, state before ('' for none), state after ('' for none), message ('' for none), how many told are kept,
--       the message as it lies in a lane, '1' when the alert is over, or a new one, and so nobody takes care of it any more
--
-- Answers 'written', 'repeated' (this very step is already there: its reply was lost), 'follower' or 'changed'; and how
-- many changes were written.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'follower', 0}
end
local held = redis.call('HGET', KEYS[2], ARGV[2]) or ''
if held ~= ARGV[3] then
  return {held == ARGV[4] and 'repeated' or 'changed', tonumber(redis.call('GET', KEYS[5]) or 0)}
end
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[2], ARGV[2])
else
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
end
if ARGV[5] ~= '' then
  for lane = 6, #KEYS do
    redis.call('RPUSH', KEYS[lane], ARGV[7])
  end
  redis.call('RPUSH', KEYS[3], ARGV[5])
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[6]), -1)
end
if ARGV[8] == '1' then
  redis.call('HDEL', KEYS[4], ARGV[2])
end
return {'written', redis.call('INCR', KEYS[5])}
