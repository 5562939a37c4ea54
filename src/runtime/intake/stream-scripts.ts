import { redisScript } from "./redis-script.ts";

/**
 * Takes over entries that are pending: all of this consumer, or those of anybody that nobody has shown a sign of life for. Each delivery
 * counts as one more. KEYS stream; ARGV group, this consumer, most, `own` or the silence in ms, the field, longest, the ids this consumer knows of.
 * Gives id, deliveries, length and entry of each. An entry that was deleted from the stream is acknowledged by the way.
 */
export const claimScript = redisScript(`
local group, me, most, field, longest = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[5], tonumber(ARGV[6])
local known = {}
for i = 7, #ARGV do known[ARGV[i]] = true end
local claimed = {}
local from = '-'
while #claimed < most * 4 do
  local page
  if ARGV[4] == 'own' then page = redis.call('XPENDING', KEYS[1], group, from, '+', 100, me)
  else page = redis.call('XPENDING', KEYS[1], group, 'IDLE', ARGV[4], from, '+', 100) end
  for _, pending in ipairs(page) do
    local id = pending[1]
    from = '(' .. id
    if not known[id] and #claimed < most * 4 then
      local entry = redis.call('XCLAIM', KEYS[1], group, me, 0, id)[1]
      if entry and entry[2] then
        local value = ''
        for i = 1, #entry[2], 2 do
          if entry[2][i] == field then value = entry[2][i + 1] end
        end
        claimed[#claimed + 1] = id
        claimed[#claimed + 1] = tostring(pending[4] + 1)
        claimed[#claimed + 1] = tostring(#value)
        claimed[#claimed + 1] = #value <= longest and value or ''
      else
        redis.call('XACK', KEYS[1], group, id)
      end
    end
  end
  if #page < 100 then break end
end
return claimed`);

/** KEYS stream, dead; ARGV group, id, then fields and values to add to those of the entry. Gives 0 when somebody else has settled it. */
export const asideScript = redisScript(`
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
local fields = {}
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if entry then fields = entry[2] end
for i = 3, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('XADD', KEYS[2], '*', unpack(fields))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return 1`);
