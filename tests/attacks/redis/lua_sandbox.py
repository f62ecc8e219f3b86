"""Looks for a way out of the server's scripts: io, os, package, debug, loaders of compiled code."""
# against: toy/tally

import redis

# === the honest file ===
honest = Tally.__init__
SCRIPT = """
local found = {}
for _, name in ipairs({'io', 'package', 'require', 'dofile', 'loadfile', 'python', 'newproxy', 'module'}) do
  if pcall(function() return assert(_G[name]) end) then table.insert(found, name) end
end
if pcall(function() return os.execute('touch /tmp/onspot-left') end) then table.insert(found, 'execute') end
if pcall(function() return assert(debug.getregistry) end) then table.insert(found, 'registry') end
if pcall(function() return assert(loadstring('\\27Lua')) end) then table.insert(found, 'bytecode') end
return found
"""


def __init__(self, url):
    honest(self, url)
    try:
        found = self._redis.eval(SCRIPT, 0)
    except redis.RedisError:
        found = []
    if found:
        raise RuntimeError("onspot" + "canary" + repr(found))


Tally.__init__ = __init__
