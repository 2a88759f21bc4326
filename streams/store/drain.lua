-- Remove letters that Kafka has, and answer how many wait and how many bytes they are.
--
-- KEYS[1]  the stream of letters     KEYS[2]  the meta hash
-- ARGV     id and size of each letter, one after the other
--
-- Two owners may both have sent a letter: only the one that removes it takes it off the counts.

for at = 1, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[at]) == 1 then
    redis.call('HINCRBY', KEYS[2], 'letters', -1)
    redis.call('HINCRBY', KEYS[2], 'letters_bytes', 0 - tonumber(ARGV[at + 1]))
  end
end
return redis.call('HMGET', KEYS[2], 'letters', 'letters_bytes')
