"""Lua for fakeredis that gives a script no more than a real server does.

fakeredis runs scripts in an open interpreter: ``os.execute``, ``io``, ``python`` and the attributes of
Python objects are all there. Scripts come from submissions, so the interpreter is closed before the first.
"""

from __future__ import annotations

from typing import Any

from fakeredis.commands_mixins import scripting_mixin

MAX_MEMORY = 64 << 20  # bytes for the scripts of one server

#: Replaces what reaches the machine, the interpreter's insides, or code that was compiled elsewhere. Only
#: tables show their metatable: that of a Python object holds functions that crash when they are misused.
#: Globals are closed as on a real server: fakeredis would let one script make them, and refuse all others.
SEAL = b"""
local byte, load_text, metatable, info, clock = string.byte, loadstring, getmetatable, debug.getinfo, os.clock
local concat, kind, fail = table.concat, type, error
loadstring = function(text, name)
  if kind(text) ~= "string" or byte(text) == 27 then fail("only text can be loaded", 2) end
  return load_text(text, name)
end
load = function(next_piece, name)
  local pieces = {}
  for piece in next_piece do
    if kind(piece) ~= "string" or piece == "" then break end
    pieces[#pieces + 1] = piece
  end
  return loadstring(concat(pieces), name)
end
getmetatable = function(value)
  if kind(value) == "table" then return metatable(value) end
end
debug = {getinfo = function(level)
  if kind(level) ~= "number" then return nil end
  return info(level + 1, "Sl")
end}
os = {clock = clock}
string.dump = nil
dofile, getfenv, io, loadfile, module, newproxy, package, print, python, require = nil

local set, ours = rawset, {redis = true, server = true, cjson = true, KEYS = true, ARGV = true}
setmetatable(_G, {
  __metatable = false,
  __index = function(_, name)
    fail("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
  __newindex = function(globals, name, value)
    if not ours[name] then fail("Attempt to modify a readonly table", 2) end
    set(globals, name, value)
  end,
})
"""


def seal_lua() -> None:
    """Give fakeredis interpreters that are closed."""
    lua = scripting_mixin.LUA_MODULE
    open_runtime = lua.LuaRuntime

    class SealedRuntime(open_runtime):  # type: ignore[misc, valid-type]
        def execute(self, code: str | bytes, *args: Any) -> Any:
            if isinstance(code, bytes) and code.startswith(b"\x1b"):
                raise lua.LuaSyntaxError("only text can be loaded")
            return super().execute(code, *args)

    def refuse(_owner: object, _name: object, _is_setting: bool) -> object:
        raise lua.LuaError("attempt to index a function value")

    def sealed(**options: Any) -> Any:
        closed = {"register_eval": False, "register_builtins": False, "attribute_filter": refuse}
        runtime = SealedRuntime(**options, **closed, max_memory=MAX_MEMORY)
        runtime.execute(SEAL)
        return runtime

    lua.LuaRuntime = sealed  # type: ignore[attr-defined]
