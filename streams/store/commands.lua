-- How the scripts that follow carry out commands: {name, place of the key in keys, seconds to live from its first write
-- (0: for ever), arguments}.

-- Lua's stack bounds how many arguments one call takes.
local STEP = 4000

local function carry_out(commands, keys)
  for _, command in ipairs(commands) do
    local name, key, ttl, values = command[1], keys[command[2]], command[3], command[4]
    -- A key lives from its first write on; setting that again with every write would double the append-only file's
    -- commands.
    local new = ttl > 0 and redis.call('EXISTS', key) == 0
    if #values == 0 then
      redis.call(name, key)
    end
    for from = 1, #values, STEP do
      redis.call(name, key, unpack(values, from, math.min(from + STEP - 1, #values)))
    end
    if new then
      redis.call('EXPIRE', key, ttl)
    end
  end
end

