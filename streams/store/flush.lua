-- One fenced, atomic flush of one partition.
--
-- KEYS[1]  the meta hash; the other keys are named by their place in KEYS.
-- ARGV[1]  this owner's epoch     ARGV[2]  the seq it last wrote     ARGV[3]  the seq of this flush
-- ARGV[4]  the commands, as MessagePack: an array of {name, place of the key in KEYS, seconds to live from its
--          first write (0: for ever), arguments}
--
-- Answers {'written'}, {'repeated'} (this very flush is already there: its reply was lost),
-- {'fenced', epoch} (another owner took the partition) or {'lost', seq or ''} (Redis went back in time).

local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'staged')
local epoch = held[1] or ''
local seq = held[2] or ''

if epoch ~= ARGV[1] then
  if epoch ~= '' and tonumber(epoch) > tonumber(ARGV[1]) then
    return {'fenced', epoch}
  end
  return {'lost', seq}
end
if seq ~= ARGV[2] then
  if seq == ARGV[3] then
    return {'repeated'}
  end
  return {'lost', seq}
end
if held[3] then
  -- A larger flush of an owner from before is committed and not carried out: that comes first.
  return {'lost', seq}
end

carry_out(cmsgpack.unpack(ARGV[4]), KEYS)
redis.call('HSET', KEYS[1], 'seq', ARGV[3])
return {'written'}
