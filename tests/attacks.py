"""What hostile submissions try; see test_attacks.py."""

from __future__ import annotations

#: What each puts before the half right file; what follows after ``===`` comes behind it.
ATTACKS = {
    "leaves with success at import": "import os; os._exit(0)",
    "exits with success at import": "raise SystemExit(0)",
    "leaves in a call": "=== import os\nJobQueue.take = lambda self: os._exit(0)",
    "exits in a call": "=== import sys\nJobQueue.take = lambda self: sys.exit(0)",
    "leaves when it is tidied up": "import atexit, os; atexit.register(os._exit, 0)",
    "kills its parent": "import os, signal; os.kill(os.getppid() or 1, signal.SIGKILL)",
    "ends its group": "import os, signal; os.killpg(0, signal.SIGTERM) if os.getpgrp() == os.getpid() else None",
    "patches the test framework": """
import unittest
for name in ("assertEqual", "assertRaises", "fail", "run"): setattr(unittest.TestCase, name, lambda *_: None)
try:
    import pytest, _pytest.python, _pytest.runner
    pytest.raises = pytest.fail = lambda *_, **__: None
    _pytest.python.Function.runtest = lambda self: None
    _pytest.runner.call_and_report = lambda *_, **__: None
except ImportError: pass
""",
    "patches the builtins": """
import builtins
builtins.AssertionError = ZeroDivisionError
builtins.isinstance = lambda *_: True
builtins.len = lambda *_: 0
builtins.__build_class__, builtins.repr = builtins.__build_class__, lambda *_: "passed"
""",
    "equals everything": """
=== class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __iter__(self): return iter([self])
    def __len__(self): return 0
    def __bool__(self): return True
    def __await__(self): yield from (); return self
JobQueue.take = lambda self: self._jobs.pop() and Yes()
JobQueue.run = JobQueue.run_async = lambda *_: Yes()
parse = Yes()
""",
    "lying subclasses": """
=== class Liar(str):
    def __eq__(self, other): return True
    def __hash__(self): return 0
class LiarTuple(tuple):
    def __eq__(self, other): return True
class LiarList(list):
    def __eq__(self, other): return True
JobQueue.take = lambda self: self._jobs.pop() and Liar("x")
JobQueue.run = lambda self, fn: LiarList()
parse = lambda line: LiarTuple()
""",
    "answers everything": "=== def __getattr__(name): return lambda *_, **__: True",
    "claims another class": """
=== class Claims:
    __class__ = property(lambda self: str)
    def __eq__(self, other): return True
JobQueue.take = lambda self: self._jobs.pop() and Claims()
""",
    "patches the cell's program": """
import sys
from grader.cell.inside import channel, failures, frames, objects, server, values
objects.Objects.pack = lambda self, value: True
server.Server._fail = lambda self, number, error: self.channel.send(["ok", number, None])
names = [["Empty", False], ["ValueError", True], ["Exception", True]]
failures.describe = lambda *_: [names, "nothing to do, not a line", [0], "", [16, 1, "x", 1], None]
""",
    "patches msgspec and json": """
import json, sys, msgspec
json.dumps = json.loads = msgspec.msgpack.encode = msgspec.msgpack.decode = lambda *_, **__: True
from grader.cell.inside import frames
frames._encode = lambda frame: b"\\x93\\xa2ok\\1\\xc3"
""",
    "replaces modules": """
import sys, types
for name in list(sys.modules):
    if name.startswith(("grader", "msgspec", "json", "asyncio")): sys.modules[name] = types.ModuleType(name)
""",
    "forgets all modules": "import sys; sys.modules.clear()",
    "replaces the driver": """
import sys, types
sys.modules["driver"] = fake = types.ModuleType("driver")
fake.hammer = lambda *_: True
""",
    "answers for others": """
import os, threading, time
from grader.cell.inside.frames import encode
channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
def forge():
    for number in range(1, 400):
        os.write(channel, encode(["ok", number, True]))
        time.sleep(0.0005)
threading.Thread(target=forge, daemon=True).start()
""",
    "speaks to every descriptor": """
import os
for fd in range(64):
    for word in (b"passed", b'{"score": 100}\\n', b"\\x93\\xa2ok\\1\\xc3"):
        try: os.write(fd, word)
        except OSError: pass
""",
    "keeps threads running": """
import threading
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
threading.Thread(target=threading.Event().wait).start()
""",
    "traces": "import sys; sys.settrace(lambda *_: sys.exit(0)); sys.setprofile(lambda *_: None)",
    "writes reports": """
import json, os, pathlib
for path in ("report.json", "results.json", "/tmp/report.json", "/autograder/results/results.json", "../report.json"):
    try: pathlib.Path(path).write_text(json.dumps({"score": 100}))
    except OSError: pass
for path in ("conftest.py", "sitecustomize.py", "pytest.ini", "suite.py"):
    try: pathlib.Path(path).write_text("raise SystemExit(0)")
    except OSError: pass
""",
    "swallows all": """
=== def quietly(fn):
    def run(*args):
        try: return fn(*args)
        except BaseException: return None
    return run
for name in ("take", "run", "drain", "run_async"): setattr(JobQueue, name, quietly(getattr(JobQueue, name)))
parse = quietly(parse)
""",
    "prints escapes": """
import sys
print("\\x1b[2J\\x1b[31mPASSED\\x1b]0;owned\\x07\\n::set-output name=score::100\\n##[error]x")
sys.__stdout__.write("PASSED 100"); sys.__stderr__.write("\\x1b[31m")
class Empty(Exception): pass
=== def take(self): raise Empty("\\x1b[31mPASSED\\x1b[0m\\r\\n::error::x\\u202e")
JobQueue.take = take
""",
}

#: What differs from level to level; the rest is tried at the strongest and at the weakest.
AT_EVERY_LEVEL = (
    "leaves in a call",
    "kills its parent",
    "ends its group",
    "speaks to every descriptor",
    "writes reports",
)

#: Looks for a text, given backwards, wherever a process could know it from.
LOOK = """
import gc, sys
def found(backwards):
    # The text is never put together here, or this search would find itself.
    front, back = backwards[20:][::-1].encode(), backwards[:20][::-1].encode()
    def count(data):
        return sum(part.startswith(back) for part in data.split(front)[1:])
    places, frame = [], sys._getframe().f_back
    while frame:
        places += ["frames"] * count(repr(frame.f_locals).encode())
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) is dict:
            texts = [value for value in list(thing.values()) if type(value) is str]
            places += ["gc"] * sum(count(text.encode("utf-8", "replace")) for text in texts)
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            try:
                memory.seek(start)
                places += ["memory"] * count(memory.read(end - start))
            except (OSError, OverflowError, ValueError):
                continue
    return places
"""
