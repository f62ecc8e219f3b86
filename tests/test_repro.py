"""A repro file shows the fault with plain Python on the code that has it, and not on code that is right."""

from __future__ import annotations

import ast
import contextlib
import datetime as dt
import math
import re
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.cell.deaths import SubmissionError
from grader.model import CheckResult
from grader.repro import runtime, verdict
from grader.repro.assembly import is_with_kit
from grader.repro.choice import decisions
from grader.repro.figures import Run, ratios
from grader.repro.literals import literal
from grader.repro.loops import looped
from grader.repro.program import Decision, Subject, handed_out
from grader.repro.proof import programs
from grader.repro.python import run
from grader.repro.rows import of_rows
from grader.repro.steps import Recording, Step
from grader.repro.watching import Watcher
from grader.services import Answer
from grader.suite.given import Given
from grader.suite.written import with_place
from tests.toy_suites import Suites

RIGHT = """
import asyncio
import secrets
from dataclasses import dataclass

@dataclass(frozen=True)
class Pair:
    left: int
    right: int

class Cache:
    def __init__(self, capacity, on_evict=None):
        if capacity < 1: raise ValueError("capacity")
        self.capacity, self.items, self.on_evict = capacity, {}, on_evict
    def put(self, key, value):
        self.items[key] = value
        if len(self.items) > self.capacity:
            old = next(iter(self.items))
            del self.items[old]
            if self.on_evict: self.on_evict(old)
    def get(self, key): return self.items.get(key)
    def __len__(self): return len(self.items)

def pair(left, right): return Pair(left, right)
def total(numbers): return sum(numbers)
def apply(fn, items): return [fn(item) for item in items]
async def later(x): await asyncio.sleep(0); return x
async def both(fn): return await asyncio.gather(fn(1), fn(2))
def read(): raise KeyError("gone")
def loop(): return 1

class Box:
    def __init__(self): self.items = []
    def add(self, item): self.items.append(item)
    def all(self): return list(self.items)

class Desk:
    def __init__(self, send): self.send, self.open = send, set()
    def ask(self):
        token = "7-" + secrets.token_urlsafe(24)
        self.open.add(token)
        self.send(token)
    def use(self, token):
        if token not in self.open: raise KeyError("unknown")
        self.open.remove(token)
        return "done"

def drawn(): return secrets.token_urlsafe(24)
def link():
    code = secrets.token_urlsafe(24)
    return {"code": code, "url": "https://good/" + code}
WON = []
async def win(name):
    await asyncio.sleep(secrets.randbelow(5) / 1000)
    if WON: return {"status": 409, "name": name}
    WON.append(name)
    return {"status": 201, "name": name}

LOG = []
def note(text): return None
def told(seconds): return seconds
"""

#: What may be wrong with code that cannot be imported.
IMPORTS = {
    "a module that is not there": "import nothing_there",
    "a syntax error": "def f(:",
    "an exit while it is imported": "raise SystemExit(0)",
    "a death while it is imported": "import os; os._exit(0)",
    "an import without end": "while True: pass",
}
#: name -> what is wrong with the code, as a replacement, and the suite that finds it.
FAULTS = {
    "a value": (
        ("return self.items.get(key)", "return None"),
        """
        @check(10)
        def test_x(subject):
            cache = subject.Cache(2)
            cache.put("a", 1)
            assert cache.get("a") == 1
        """,
    ),
    "a record": (
        ("return Pair(left, right)", "return Pair(right, left)"),
        """
        @check(10)
        def test_x(subject):
            made = subject.pair(1, 2)
            assert made.left == 1, "left and right are swapped"
        """,
    ),
    "a refusal that is missing": (
        ("if capacity < 1:", "if capacity < 0:"),
        """
        @check(10)
        def test_x(subject):
            with raises(ValueError): subject.Cache(-1)
            with raises(ValueError): subject.Cache(0)
        """,
    ),
    "a call too many": (
        ("self.items[key] = value", "self.items[key] = value; self.on_evict and self.on_evict(key)"),
        """
        @check(10)
        def test_x(subject):
            gone = []
            cache = subject.Cache(1, on_evict=gone.append)
            cache.put("a", 1)
            assert gone == []
        """,
    ),
    "a reply that is never another": (
        ("def drawn(): return secrets.token_urlsafe(24)", "def drawn(): return 'a0' * 16"),
        """
        @check(10)
        def test_x(subject):
            drawn = {subject.drawn() for _ in range(5)}
            assert len(drawn) == 5, f"5 draws gave {len(drawn)} words"
        """,
    ),
    "a function that raises": (
        ("[fn(item) for item in items]", "[fn(items[0])]"),
        """
        @check(10)
        def test_x(subject):
            def halve(number):
                if number % 2: raise ValueError("odd")
                return number // 2
            assert subject.apply(halve, [4, 2]) == [2, 1]
        """,
    ),
    "an example that was drawn": (
        ("sum(numbers)", "sum(set(numbers))"),
        """
        @check(10)
        @given(st.lists(st.integers(0, 9)))
        def test_x(subject, numbers):
            assert subject.total(numbers) == sum(numbers)
        """,
    ),
    "a coroutine": (
        ("await asyncio.sleep(0); return x", "return [x]"),
        """
        @check(10)
        async def test_x(subject):
            assert await subject.later(1) == 1
        """,
    ),
    "coroutines at once": (
        ("asyncio.gather(fn(1), fn(2))", "asyncio.gather(fn(1), fn(1))"),
        """
        @check(10)
        async def test_x(subject):
            async def double(number): return 2 * number
            task = asyncio.ensure_future(subject.both(double))
            assert (await subject.later(3), await task) == (3, [2, 4])
        """,
    ),
    "an exception of the code's own": (
        ("def total(numbers): return sum(numbers)", "def total(numbers): return numbers[0]"),
        """
        @check(10)
        def test_x(subject): assert subject.total([]) == 0
        """,
    ),
    "another exception": (
        ('raise KeyError("gone")', 'raise ValueError("gone")'),
        """
        @check(10)
        def test_x(subject):
            with raises(KeyError): subject.read()
        """,
    ),
    "a crash": (
        ("def loop(): return 1", "def loop(): import os; os._exit(3)"),
        """
        @check(10)
        def test_x(subject): assert subject.loop() == 1
        """,
    ),
    "a call without end": (
        ("def loop(): return 1", "def loop():\n    while True: pass"),
        """
        @check(10)
        def test_x(subject): assert subject.loop() == 1
        """,
    ),
    "a driver": (
        ("return len(self.items)", "return 0"),
        """
        @check(10)
        def test_x(driver):
            seen = driver.fill(3)
            assert seen["length"] == 3, f"{seen['length']} of 3 are there"
        """,
    ),
    "a clock": (
        ("def total(numbers): return sum(numbers)", "def total(clock): return 0"),
        """
        @check(10)
        def test_x(subject, manual_clock):
            manual_clock.set(5)
            assert subject.total([manual_clock() - 4]) == 1
        """,
    ),
    "which of two objects": (
        ("return list(self.items)", "return self.items[::-1]"),
        """
        @check(10)
        def test_x(subject):
            box, first, second = subject.Box(), subject.Cache(1), subject.Cache(1)
            box.add(first)
            box.add(second)
            assert box.all() == [first, second]
        """,
    ),
    "a word drawn at random": (
        ("self.open.remove(token)", "pass"),
        """
        @check(10)
        def test_x(subject):
            sent = []
            desk = subject.Desk(sent.append)
            desk.ask()
            assert desk.use(sent[0]) == "done"
            with raises(KeyError): desk.use(sent[0])
        """,
    ),
    "what stands beside a word drawn at random": (
        ('"https://good/" + code', '"http://bad/" + code'),
        """
        @check(10)
        def test_x(subject):
            link = subject.link()
            assert link["url"] == "https://good/" + link["code"], f"a link at {link['url']}"
        """,
    ),
    "a word that is drawn twice": (
        (
            "code = secrets.token_urlsafe(24)",
            "code = LOG[0] if len(LOG) == 2 else secrets.token_urlsafe(24); LOG.append(code)",
        ),
        """
        @check(10)
        def test_x(subject):
            codes = {subject.link()["code"] for _ in range(3)}
            assert len(codes) == 3, "two links have one code"
        """,
    ),
    "an alphabet": (
        ("def drawn(): return secrets.token_urlsafe(24)", "def drawn(): return secrets.token_hex(16)"),
        """
        @check(10)
        def test_x(subject):
            token = subject.drawn()
            assert not set(token) <= set("0123456789abcdef"), "drawn from 16 signs only"
        """,
    ),
    "two figures of one reply": (
        ("def told(seconds): return seconds", "def told(seconds): return seconds * 3"),
        """
        @check(10)
        def test_x(driver):
            seen = driver.clocked()
            assert seen["told"] < 1.1 * seen["was"]
        """,
    ),
    "one of several at once": (
        ("if WON: return", "if False: return"),
        """
        @check(10)
        async def test_x(subject):
            replies = await asyncio.gather(*(subject.win("ada") for _ in range(6)))
            won = [reply["status"] for reply in replies].count(201)
            assert won == 1, f"{won} of 6 won"
        """,
    ),
    "what an example before it left behind": (
        (
            "def told(seconds): return seconds",
            "def told(seconds): LOG.append(1); return seconds if len(LOG) < 2 else 0",
        ),
        """
        @check(10)
        @given(st.integers(1, 9))
        def test_x(subject, seconds): assert subject.told(seconds) == seconds
        """,
    ),
    "a figure that grows": (
        ("def note(text): return None", "def note(text): LOG.append(text)"),
        """
        @check(10)
        def test_x(subject, driver):
            before = driver.kept()
            for number in range(9): subject.note(str(number))
            assert driver.kept() - before < 5
        """,
    ),
}
DRIVER = """
import os
import time
import toy
def clocked():
    seconds = 1 + time.perf_counter() % 1
    return {"was": seconds, "told": toy.told(seconds)}
def kept():
    return os.getpid() + len(toy.LOG)
def fill(count):
    cache = toy.Cache(count)
    for number in range(count): cache.put(number, number)
    return {"length": len(cache)}
"""


#: Statements, which of them may not be in a loop, and the program.
LOOPS = {
    "the same": (["f(1)"] * 3, [], ["for _ in range(3):", "    f(1)"]),
    "too few": (["f(1)"] * 2, [], ["f(1)", "f(1)"]),
    "one that must stay": (["f(1)"] * 4, [2], ["f(1)"] * 4),
    "constants": (
        [f"f({n}, 'k', at={{'a': {n!r}, 'b': '{n} x'}})" for n in (1, 2, 2)],
        [],
        ["for each, other in ((1, '1 x'), (2, '2 x'), (2, '2 x')):", "    f(each, 'k', at={'a': each, 'b': other})"],
    ),
    "turns": (
        ["f(0)", *[f"{name}({n})" for n in range(3) for name in "fg"]],
        [],
        ["f(0)", "for each in (0, 1, 2):", "    f(each)", "    g(each)"],
    ),
    "inside of an f-string": ([f"f(f'{n}{{x}}')" for n in range(3)], [], [f"f(f'{n}{{x}}')" for n in range(3)]),
    "names that are taken": (["f(each)"] * 3, [], ["f(each)"] * 3),
    "other letters": (["f('é', 1)"] * 3, [], ["f('é', 1)"] * 3),
}


@pytest.mark.parametrize("name", LOOPS)
def test_what_is_done_again_is_a_loop(name: str) -> None:
    statements, staying, program = LOOPS[name]
    assert looped([[text] for text in statements], [n not in staying for n in range(len(statements))]) == program


def test_a_loop_does_what_was_done() -> None:
    """Long tables of values are cut into lines; statements of several lines stay together."""
    done = list[tuple[int, str]]()
    statements = [["with contextlib.suppress(KeyError):", f"    f({n}, 'name, ({n}')"] for n in range(60)]
    program = looped(statements, [True] * 60)
    assert max(map(len, program)) < 120
    assert len(program) < 40
    exec("\n".join(program), {"f": lambda *given: done.append(given), "contextlib": contextlib})
    assert done == [(n, f"name, ({n}") for n in range(60)]


def test_a_reading_that_nobody_needs_is_left_out() -> None:
    """So is the name of what it reads; a name that is used, in the decision or before, stays."""
    steps = [
        Step("toy.ask()", name="reply", ended=1),
        Step("reply['code']", name="word", ended=2, is_reading=True),
        Step("toy.ask()", ended=3),
        Step("toy.ask()", ended=4),
        Step("toy.ask()", name="reply2", ended=5),
        Step("reply2['code']", name="word2", ended=6, is_reading=True),
        Step("toy.use(word2)", ended=7),
    ]
    recording = Recording("toy", steps, [], {}, "message", "None", "None")
    subject = Subject("week1/toy", "title", "folder", "")
    text = handed_out(recording, subject, Decision(6, demand="got == 1", expected="1"))
    assert text.partition("import toy\n\n")[2].splitlines()[:4] == [
        "    for _ in range(3):", "        toy.ask()", "    reply2 = toy.ask()", "    word2 = reply2['code']",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def watcher() -> Iterator[Watcher]:
    """A warm process."""
    with Watcher() as watcher:
        yield watcher


FAULTS |= {
    f"{error}, which is no Exception": (
        ("def total(numbers):", f"def total(numbers):\n    raise {error}"),
        """
        @check(10)
        def test_x(subject): assert subject.total([1]) == 1
        """,
    )
    for error in ("SystemExit(0)", "KeyboardInterrupt", "GeneratorExit")
}
FAULTS |= {
    name: (
        ("import secrets", f"import secrets\n{line}"),
        """
        @check(10)
        @given(st.integers())
        def test_x(subject, number):
            assert subject.pair(number, 2).right == 2
        """,
    )
    for name, line in IMPORTS.items()
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_tells_wrong_from_right(suites: Suites, watcher: Watcher, tmp_path: Path, name: str) -> None:
    """Status 1 and the report's own line where the fault is, status 0 where it is not; nothing of the suite in it."""
    (old, new), suite = FAULTS[name]
    assert old in RIGHT
    wrong = RIGHT.replace(old, new)
    timeout = {"timeout": 0.5} if name.endswith("without end") else {}
    result = suites.check(suite, wrong, driver=DRIVER, record=True, **timeout)
    text, folders = written(result, watcher, tmp_path, wrong)
    status, said = run(text, folders["wrong"])
    assert (status, said.splitlines()[-1]) == (1, result.message.partition("\n")[0])
    assert run(text, folders["right"])[0] == 0
    assert "with raises" not in text
    assert "number % 2" not in text


def test_a_driver_that_needs_the_kit(suites: Suites, watcher: Watcher, tmp_path: Path) -> None:
    """The file leads to it, wherever it is run."""
    (old, new), suite = FAULTS["a driver"]
    wrong, driver = RIGHT.replace(old, new), f"from grader.cell.inside.stillness import Stillness\n{DRIVER}"
    result = suites.check(suite, wrong, driver=driver, record=True)
    text, folders = written(result, watcher, tmp_path, wrong, driver)
    assert is_with_kit(text)
    assert [run(text, folders[name])[0] for name in ("wrong", "right")] == [1, 0]


def written(
    result: CheckResult, watcher: Watcher, tmp_path: Path, wrong: str, driver: str = DRIVER
) -> tuple[str, dict[str, Path]]:
    """The likeliest file for a failed check, and the folders of both kinds of code."""
    folders = {"wrong": tmp_path / "wrong", "right": tmp_path / "right"}
    for name, folder in folders.items():
        folder.mkdir()
        (folder / "toy.py").write_text({"wrong": wrong, "right": RIGHT}[name])
    recording = msgspec.json.decode(result.recording, type=Recording)
    assert not recording.problem
    subject = Subject("week1/toy", "a title", str(folders["wrong"]), driver)
    return next(programs(recording, subject, folders["right"], 0.5, watcher)), folders


def test_what_was_done_comes_first() -> None:
    """Before all that every file carries; modules are imported once."""
    recording = Recording("toy", [Step("toy.f()", ended=1)], [], {}, "message", "None", "None")
    text = handed_out(recording, Subject("week1/toy", "title", "folder", ""), Decision(0, demand="got == 1"))
    assert text.index("def program():") < text.index("class Text") < text.index("MODULE = 'toy'")
    imports = re.findall(r"^(?:from|import) (\S+)", text.partition("def program")[0], re.MULTILINE)
    assert len(imports) == len(set(imports)) > 10


def test_what_earlier_examples_asked_is_left_out() -> None:
    """Moments are told as if they had taken no time; what was asked before the first of them stays."""
    now = [1.0]
    given = Given(str, repr, lambda *_: None)
    given.service("backend", "http://127.0.0.1", None, lambda: now[0])
    given.answered("backend", ("GET", "/before"), Answer())
    back = given.save()
    given.answered("backend", ("GET", "/first"), Answer())
    now[0] = 3.0
    back()
    given.answered("backend", ("GET", "/second"), Answer(json=[1], delay=0.5))
    asked = [("GET", "/before", 0.5), ("GET", "/first", 1.5), ("GET", "/second", 3.25)]
    assert given.of_example("backend", asked) == [asked[0], ("GET", "/second", 1.25)]
    (table,) = given.tables([])
    assert table.calls[0] == ("('GET', '/before')", "Answer()")
    assert table.calls[1] == ("('GET', '/second')", "Answer(json=[1], delay=0.5)")


def test_who_is_first_of_those_at_once_does_not_count() -> None:
    """How many are does, and that is what decides."""
    taken, free = {"status": 409}, {"status": 201}
    runs = [{0: free, 1: taken, 2: taken}, {0: taken, 1: free, 2: taken}]
    best, *_ = decided({0: free, 1: free, 2: free}, runs, together=[[0, 1, 2]])
    assert best.got == "tally([task0.result(), task1.result(), task2.result()], label=201, column='status')"
    assert best.demand == "is_number(got) and got <= 1"


def test_what_was_compared_part_by_part_decides_first() -> None:
    """Before what hangs on it."""
    best, *_ = decided({0: {"kind": "slow", "told": 9}}, [{0: {"kind": "fast", "told": 5}}], compared=((1, 9), (1, 5)))
    assert (best.got, best.demand) == ("at(came, 'told')", "alike(got, 5)")


def test_what_has_but_a_name_is_like_its_kind() -> None:
    """A record, of which there is more to be seen outside of a cell, is no other answer for that."""
    seen = runtime.Text("<Settings object>")
    assert decided({0: seen}, [{0: runtime.Record("Settings", {"size": 1})}]) == []
    assert decided({0: seen}, [{0: runtime.Record("Options", {"size": 1})}]) != []


def decided(
    came: Run, runs: list[Run], *, compared: tuple[Any, Any] = (None, None), together: Sequence[list[int]] = ()
) -> list[Decision]:
    """The decisions on steps that are all calls of one function."""
    return decisions(came, compared, runs, ["toy.f()"] * len(came), {}, set(), list(together), "")


def test_what_is_never_twice_the_same_decides_nothing() -> None:
    """Neither a label that was drawn, nor the number of a process that happens to be that of an item."""

    def run_of(word: str, process: int, count: int) -> dict[str, Any]:
        return {"process": process, "events": [(word, "begin", item, process) for item in range(count)]}

    mine, theirs = run_of("93c6db6f8cef", 2, 6), [run_of("a1b2c3d4e5f6", 7001, 2), run_of("0f9e8d7c6b5a", 7002, 2)]
    decided = [decision.got for _, decision in of_rows(0, ", 'events'", ("events",), mine, theirs, mine["events"])]
    assert any("label='begin'" in got for got in decided)
    assert not any("93c6" in got or ("column=2" in got and "process" in got) for got in decided)


def test_an_exception_of_a_cell_is_shown_by_its_own_frames(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of those who carried it."""
    error = SubmissionError("gone")
    vars(error).update(type_name="KeyError", message="gone", traceback='  File "toy.py", line 3, in read', cause=None)
    with pytest.raises(verdict.Shown):
        verdict.demand(right=False, got=1, expected="2", came=error)
    assert capsys.readouterr().err.splitlines()[0] == '  File "toy.py", line 3, in read'


@pytest.mark.parametrize(
    "program",
    [
        "import sys; print(sys.argv[1:], __name__); sys.exit(1)",
        "import sys; print(1); sys.exit('in words')",
        "1 / 0",
        "import os; print(os.path.basename(__file__), flush=True); os._exit(1)",
        "import grader",
        "import sys; print('msgspec' in vars(), [name for name in sys.modules if name.startswith('grader')])",
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()",
        "import asyncio\nasync def main(): print(2)\nasyncio.run(main())",
    ],
)
def test_a_fork_is_like_a_fresh_interpreter(watcher: Watcher, program: str, tmp_path: Path) -> None:
    """The same status and the same words, with nothing of the kit to be found."""
    status, said = run(program, tmp_path)
    warm = watcher.run(program, tmp_path, None)
    assert warm == (status, said if "Error" not in said else "")


@pytest.mark.parametrize(
    "text",
    ["['x', 'code-7', 'a code-7 {b}']", "f(b'{\"code-7\": \\xff}')", "f'{word} {{}} code-7'", "'code-7, code-7'"],
)
def test_a_word_of_a_reply_is_taken_from_it(text: str) -> None:
    """In every kind of literal, which stays what it is."""
    names = {"word": "code-7", "f": lambda given: given}
    placed = with_place(with_place(text, "code-7", "word"), "code-7", "word")
    assert "code-7" not in placed
    assert eval(placed, dict(names)) == eval(text, dict(names))


def test_a_passed_check_has_no_recording(suites: Suites) -> None:
    """Nor has a failed one, unless it is asked for."""
    suite = "@check(10)\ndef test_x(subject): assert subject.total([1]) == {}"
    assert suites.check(suite.format(1), RIGHT, record=True).recording == ""
    assert suites.check(suite.format(2), RIGHT).recording == ""


VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=80)
    | st.binary(max_size=80)
    | st.just(Decimal("1.50"))
    | st.datetimes()
    | st.timedeltas(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def evaluated(text: str) -> Any:
    names = {"inf": math.inf, "nan": math.nan, "datetime": dt, "Decimal": Decimal}
    return eval(text, names)


@given(VALUES)
def test_literals_are_the_value(value: Any) -> None:
    """What is written makes an equal value of the same types."""
    made = evaluated(literal(value, repr))
    assert (made, repr(made)) == (value, repr(value))


@pytest.mark.parametrize(
    "value",
    [list(range(10**5)), "x" * 10**6, b"[" * 10**5, [0] * 10**5, list(range(0, -(10**6), -3)), "ab" * 5000 + "c"],
    ids=["range", "text", "bytes", "zeros", "steps", "ends"],
)
def test_long_values_are_written_shortly(value: Any) -> None:
    """What repeats or counts is written as such."""
    text = literal(value, repr)
    assert evaluated(text) == value
    assert len(text) < 100 or value == "ab" * 5000 + "c"


@pytest.mark.parametrize("module", [runtime, verdict], ids=["runtime", "verdict"])
def test_what_every_file_carries_stands_alone(module: Any) -> None:
    """It imports the standard library and itself."""
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if isinstance(node, ast.Import):
            assert all(alias.name in sys.stdlib_module_names for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            top = (node.module or "").split(".")[0]
            assert top in sys.stdlib_module_names or node.module == "grader.repro.runtime"


@pytest.mark.parametrize(("tries", "status"), [(2, 0), (3, 1)])
def test_what_threads_do_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int, status: int
) -> None:
    """A program that shows its fault at the third try shows it when it has three."""
    tried: list[str] = []

    def program(folder: str) -> None:
        tried.append(folder)
        raise verdict.Shown if len(tried) == 3 else verdict.NotThere

    monkeypatch.setattr(sys, "argv", ["repro.py"])
    monkeypatch.setattr(verdict, "import_from", lambda *_: None)
    assert verdict.main(program, str(tmp_path), "toy", "", "a fault", tries=tries) == status


def test_features() -> None:
    """What is looked at in a reply."""
    known = object()
    assert runtime.which([known, object()], node=known) == ["node", ""]
    assert verdict.ratio({"told": 3.0, "was": 1.5}, of="told", to="was") == 2
    assert verdict.distinct([("start", 1), ("start", 2), ("end", 1)], column=1) == 2
    rows = [("draw", 1), ("draw", 2), ("start", 1), ("end", 1), ("draw", 3)]
    came = {"events": rows, "left": {"a": [1]}}
    assert verdict.at(came, "left", "a", 0) == 1
    assert verdict.at(came, "right", "a") == runtime.Text("nothing")
    assert verdict.size(came, "events") == 5
    assert verdict.tally(came, "events", label="draw", column=0) == 3
    assert verdict.ahead(came, "events", column=0, of=("draw", "end")) == 2
    assert verdict.after(came, "events", column=0, of=("start", "draw")) == 1


def test_a_ratio_to_nearly_nothing() -> None:
    """What is divided by is not as small the next time, so what it comes to decides with much room."""
    bounds = list(ratios(0, {"least": 0.15, "said": 1e-8}, [{"least": 0.15, "said": 0.15}]))
    assert [bound.expected for bound in bounds] == ["at most 10.0 times said"]


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [(0.1 + 0.2, 0.3, True), (1, 2, False), ((1,), [1], False), ({"a": 1.0}, {"a": 1 + 1e-9}, True), (True, 1, False)],
)
def test_alike(one: Any, other: Any, is_alike: bool) -> None:
    """Equal but for the last digits of floats, and exactly typed."""
    assert verdict.alike(one, other) is is_alike
