"""Hidden suite of week1/interview_drill.

The programs of the statement are run by the interpreter, and what they print is what must have been predicted. What
is to be written is compared with classes, loops and queues that the interpreter really makes.
"""

import asyncio
import heapq
import re
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check, raises

STATEMENT = Path(__file__).parents[3] / "exercises" / "week1" / "interview_drill" / "README.md"
BEFORE = {"n": 0, "flag": False, "x": 1, "y": 2}
NAMES = "ABCDEF"

numbers = st.integers(-300, 300) | st.floats(-1e6, 1e6)
words = st.sampled_from(["a", "b", "c", "d"])
scripts = st.lists(st.recursive(words | st.none(), lambda steps: st.lists(steps, max_size=3), max_leaves=5), max_size=5)
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
hostile = st.sampled_from(["' OR '1'='1", "x'; DROP TABLE users; --", "O'Brien", "%", "_", "''", '"', "ann", "Ann", ""])


@st.composite
def hierarchies(draw):
    """Classes and their bases, each class with bases from those before it."""
    classes = {}
    for number in range(draw(st.integers(1, len(NAMES)))):
        before = list(NAMES[:number])
        classes[NAMES[number]] = draw(st.lists(st.sampled_from(before), unique=True, max_size=3)) if before else []
    return classes


@check(
    "1: which statements two threads can trip over",
    points=7,
    stage="core",
    hint="Look at dis.dis() of each: is there a bytecode that reads, and a later one that writes what was made of it?",
)
def test_gil(subject):
    statements = listed(1)
    answers = subject.GIL
    assert type(answers) is dict, f"GIL is a dict, got {answers!r}"
    for statement in statements:
        truth = can_trip(statement)
        got = answers.get(statement, "nothing")
        assert got is truth, f"{statement!r}: tried with a switch at every bytecode, it is {truth}; you said {got!r}"


@check(
    "2: when objects are freed",
    points=6,
    stage="core",
    hint="Which reference is the last one of each thing, and when does it go? What does a traceback refer to?",
)
def test_refcounts(subject):
    predicted(subject.REFCOUNTS, 2)


@check(
    "3: in which order a class is made",
    points=6,
    stage="core",
    hint="The body must run somewhere before there is a class. type.__new__ serves the fields and the base's hook.",
)
def test_metaclasses(subject):
    predicted(subject.METACLASSES, 3)


@check(
    "4: a float that is made from another number",
    points=6,
    stage="core",
    hint="When __init__ is called, the float is there already and cannot change. Who makes it?",
)
@given(fahrenheit=numbers)
@example(fahrenheit=212.0)
@settings(max_examples=25)
def test_celsius(driver, fahrenheit):
    seen = driver.celsius(fahrenheit)
    value = (fahrenheit - 32) / 1.8
    assert (seen["type"], seen["float"]) == ("Celsius", True), f"an instance of Celsius, a float, got a {seen['type']}"
    assert seen["value"] == value, f"Celsius({fahrenheit!r}) is {value!r}, got {seen['value']!r}"
    got = seen["sum"], seen["text"], seen["key"]
    assert got == (value + 1.0, f"{value:.3f}", "here"), f"Celsius({fahrenheit!r}): + 1.0, as text, as a key: {got}"


@check(
    "5: what a dict does with its keys",
    points=7,
    stage="core",
    hint="First the hash that the key had when it went in, then `is` or `==`. Which key stays when two are equal?",
)
def test_dicts(subject):
    predicted(subject.DICTS, 5)


@check(
    "6: the order in which Python looks through classes",
    points=7,
    stage="core",
    hint="Neither depth first nor breadth first: every class before its bases, and bases in the order written.",
)
@given(classes=hierarchies())
@example(classes={"A": [], "B": ["A"], "C": ["A"], "D": ["B", "C"]})
@example(classes={"A": [], "B": [], "C": ["A"], "D": ["B"], "E": ["C", "D"]})
@example(classes={"A": [], "B": ["A"], "C": ["A", "B"]})
@example(classes={"A": [], "B": [], "C": ["A", "B"], "D": ["B", "A"], "E": ["C", "D"]})
@example(classes={"A": [], "B": [], "C": ["A"], "D": ["C", "B"], "E": ["C"], "F": ["E", "D"]})
@settings(max_examples=30)
def test_mro(subject, classes):
    made = {}
    for name, bases in classes.items():
        try:
            made[name] = type(name, tuple(made[base] for base in bases), {})
        except TypeError:
            with raises(TypeError):
                subject.mro(classes, name)
            return
        order = [each.__name__ for each in made[name].__mro__]
        got = subject.mro(classes, name)
        assert got == order, f"{classes}: {name}.__mro__ is {order}, got {got!r}"


@check(
    "7: when the event loop switches",
    points=7,
    stage="core",
    hint="A queue of ready tasks. Only what suspends goes to its end: does awaiting a coroutine suspend?",
)
@given(tasks=st.lists(scripts, max_size=4))
@example(tasks=[["a", None, "b"], ["c", "d"]])
@example(tasks=[["a", ["b"], "c"], ["d"]])
@example(tasks=[["a", [None, "b"], "c"], ["d", None, None, "a"], []])
@settings(max_examples=30)
def test_loop(subject, tasks):
    said = really_said(tasks)
    got = subject.loop_order(tasks)
    assert got == said, f"the event loop makes these tasks say {said}, got {got!r}"


@check(
    "8: a decorator that counts and hides nothing",
    points=7,
    stage="core",
    hint="functools.wraps; and the count belongs to what was decorated, not to the decorator.",
)
def test_counted(driver):
    for calls in ([], [([1], {})], [([1, 2, 3, 4], {"scale": 2}), ([], {"first": 5}), ([7], {"second": 0})]):
        seen = driver.count_function(calls)
        assert seen["before"] == 0, f"calls is 0 before the first call, got {seen['before']}"
        assert seen["results"] == seen["expected"], (
            f"the function gives {seen['expected']}, decorated {seen['results']}"
        )
        assert seen["calls"] == len(calls), f"{len(calls)} calls were made, calls is {seen['calls']}"
        others = seen["calls of the other"]
        assert others == [0, "other", 1], f"another decorated function, called once: 0, then 1; got {others}"
        assert seen["name"] == ["add", "Add up."], f"__name__ and __doc__ are those of the function, got {seen['name']}"
        decorated, plain = seen["signature"]
        assert decorated == plain, f"inspect.signature() of the function is {plain}, of the decorated one {decorated}"
        assert seen["wrapped"], "__wrapped__ is not the function"


@check(
    "9: what import runs, binds and remembers",
    points=7,
    stage="core",
    hint="sys.modules is written before the module has run. `from` binds a value, `import` the module.",
)
def test_imports(subject):
    predicted(subject.IMPORTS, 9)


@check(
    "5: points that are equal have one hash",
    points=5,
    stage="robust",
    hint="A class with __eq__ and without __hash__ has none. Make the hash of what equality looks at.",
)
def test_points(driver):
    for first, second in (
        ((1, 2), (1, 2)),
        ((1, 2), (1.0, True + 1)),
        (("a", None), ("a", None)),
        ((1, 2), (2, 1)),
        ((0, 0), (0, 1)),
        ((0, 0), (1, 0)),
        ((-1, 5), (-2, 5)),
    ):
        seen = driver.points(first, second)
        equal = first == second
        assert seen["equal"] is equal, f"Point{first} == Point{second} is {equal}"
        assert seen["found"] == (equal, equal), (
            f"Point{second} is looked for in a dict and in a set that hold Point{first}: found is {seen['found']}"
        )
    for size in (10, 100):
        got = driver.hashes(size)
        assert got >= 900, f"the 1,000 points of a grid have {got} different hashes: a dict of them becomes a list"


@check(
    "8: methods, errors and recursion are counted too",
    points=5,
    stage="robust",
    hint="Only what has __get__ becomes a method, as functions do. And when do you count: before or after the call?",
)
def test_counted_everywhere(driver):
    seen = driver.count_method()
    assert seen["results"] == [9, 99, 7], f"ann.pay(1), bob.pay(1), ann.pay(amount=2) are 9, 99, 7; {seen['results']}"
    assert seen["calls"] == 3, f"a method was called 3 times, calls is {seen['calls']}"
    seen = driver.count_errors()
    assert seen["same"] == 3, f"a function raised its error 3 times, and it came out {seen['same']} times"
    assert seen["calls"] == 3, f"a function that raises was called 3 times, calls is {seen['calls']}"
    seen = driver.count_recursion(5)
    assert (seen["result"], seen["calls"]) == (5, 6), f"a function called itself, 6 calls in all: calls {seen['calls']}"


@check(
    "11: what FastAPI reads from type hints",
    points=7,
    stage="robust",
    hint="Hints are parsed before your function runs, routes are tried in order, and only `def` runs in a thread.",
)
def test_fastapi(subject):
    predicted(subject.FASTAPI, 11)


@check(
    "12: blocking calls overlap and the loop goes on",
    points=8,
    stage="robust",
    hint="asyncio.to_thread makes a blocking call awaitable. Await them together, not one after the other.",
)
async def test_overlap(driver, virtual_time):
    for naps in ([3.0, 1.0, 2.0], [2.0], [1.0, 1.0, 1.0, 1.0], []):
        seen = await driver.overlapping(naps)
        longest = max(naps, default=0.0)
        assert seen["outcome"] == [f"slept {nap}" for nap in naps]
        assert seen["calls"] == sorted(naps), f"fn is called once for each of {naps}, was called for {seen['calls']}"
        assert abs(seen["took"] - longest) < 1e-6, f"fn sleeps {naps} s: {longest} s in all, took {seen['took']} s"
        assert not seen["on the loop"], "fn was called on the thread of the event loop, which stood still"
        least = int(longest / 0.25) - 1
        assert seen["beats"] >= least, f"a task that beats every 0.25 s beat {seen['beats']} times in {longest} s"
    seen = await driver.overlapping([1.0, 2.0], bad=1.0)
    assert seen["outcome"] == "LookupError: no 1.0", f"fn raised a LookupError; out came {seen['outcome']!r}"


@check(
    "10: a list is not searched for each item",
    points=5,
    stage="production",
    hint="`in` compares with every item of a list. What can be asked without comparing?",
)
def test_common(subject, driver):
    @given(left=st.lists(st.integers(0, 9), max_size=8), right=st.lists(st.integers(0, 9), max_size=8))
    @example(left=[3, 1, 3, 2], right=[3, 2])
    @settings(max_examples=20)
    def any_lists(left, right):
        got = subject.common(left, right)
        there = [item for item in left if item in right]
        assert got == there, f"common({left}, {right}) is {there}, got {got!r}"

    any_lists()
    left, right = list(range(300)), list(range(599, 149, -1))
    seen = driver.work_of_common(left, right)
    assert seen["found"] == left[150:]
    for work in ("compared", "hashed"):
        assert seen[work] <= 3_000, f"lists of 300 and 450 items: items were {work} {seen[work]:,} times, 3,000 allowed"


@check(
    "13: as many workers as needed, and no more",
    points=5,
    stage="production",
    hint="How many requests are at work at one moment? (Little's law.) And half a worker is a whole one.",
)
@given(every_ms=st.integers(1, 40), takes_ms=st.integers(1, 400))
@example(every_ms=10, takes_ms=10)
@example(every_ms=10, takes_ms=11)
@example(every_ms=10, takes_ms=29)
@example(every_ms=40, takes_ms=1)
@settings(max_examples=25)
def test_workers(subject, every_ms, takes_ms):
    got = subject.workers(every_ms, takes_ms)
    story = f"a request every {every_ms} ms, {takes_ms} ms of work each"
    assert type(got) is int, f"{story}: a whole number of workers, got {got!r}"
    assert 1 <= got <= 1_000, f"{story}: {got} workers"
    assert not somebody_waits(every_ms, takes_ms, got), f"{story}: with {got} workers requests wait"
    if got > 1:
        assert somebody_waits(every_ms, takes_ms, got - 1), f"{story}: {got} workers, and {got - 1} are enough"


@check(
    "14: a name is data, whatever it says",
    points=5,
    stage="production",
    hint="execute(statement, parameters): the statement is fixed, and the name is never a part of it.",
)
@given(names=st.lists(anything | hostile, min_size=1, max_size=6), asked=st.lists(anything | hostile, max_size=3))
@example(names=["ann", "Ann", "O'Brien", "ann"], asked=["' OR '1'='1", "an%", "x'; DROP TABLE users; --", ""])
@settings(max_examples=25)
def test_users(driver, names, asked):
    asked = [*asked, *names]
    seen = driver.users(names, asked)
    for name, found in zip(asked, seen["found"]):
        there = [number for number, each in enumerate(names, 1) if each == name]
        assert found == there, f"users {names}, numbered from 1: find_users(db, {name!r}) is {there}, got {found!r}"
    assert seen["left"] == names, f"the table held {names}, and holds {seen['left']} afterwards"


def predicted(answer, question):
    """The answer is the lines that the question's program prints."""
    lines = printed(question)
    assert type(answer) is list, f"a list of lines is expected, got {answer!r}"
    for number, (said, line) in enumerate(zip(answer, lines), 1):
        assert said == line, f"line {number}: the program prints {line!r}, you said {said!r}"
    assert len(answer) == len(lines), f"the program prints {len(lines)} lines, you said {len(answer)}"


@lru_cache
def printed(question):
    """The lines that the program of a question prints; the last of its files is run."""
    blocks = re.findall(r"^```python\n(.*?)^```", section(question), re.MULTILINE | re.DOTALL)
    if question != 9:
        blocks = ["# main.py\n" + blocks[0]]
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks:
            name = block.partition("\n")[0].removeprefix("# ")
            (Path(folder) / name).write_text(block)
        run = [sys.executable, "-E", "-s", name]
        return subprocess.run(
            run, cwd=folder, capture_output=True, text=True, check=True, timeout=120
        ).stdout.splitlines()


def listed(question):
    """The lines of the text block of a question."""
    return re.search(r"^```text\n(.*?)^```", section(question), re.MULTILINE | re.DOTALL)[1].splitlines()


def section(question):
    return STATEMENT.read_text(encoding="utf-8").partition(f"\n### {question}. ")[2].partition("\n### ")[0]


def can_trip(statement):
    """Whether a second run of the statement, at some bytecode of the first, leaves what two runs in turn do not."""
    code = compile(statement, "statement", "exec")
    in_turn = fresh()
    exec(code, in_turn)
    exec(code, in_turn)
    at = 0
    while True:
        interleaved = fresh()
        if not run_with_switch(code, interleaved, at):
            return False
        if {name: interleaved[name] for name in fresh()} != {name: in_turn[name] for name in fresh()}:
            return True
        at += 1


def fresh():
    return {**BEFORE, "items": [], "d": {"k": 0}}


def run_with_switch(code, names, at):
    """Run the code, and once more just before its bytecode number `at`; whether it has so many."""
    seen = 0

    def trace(frame, event, argument):
        nonlocal seen
        if frame.f_code is not code:
            return None
        frame.f_trace, frame.f_trace_opcodes = trace, True  # Python 3.13 wants both, in this order
        if event == "opcode":
            if seen == at:
                exec(code, names)  # tracing is off while a trace function runs
            seen += 1
        return trace

    former = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 tells of bytecodes only if some frame asked for them before
    sys.settrace(trace)
    try:
        exec(code, names)
    finally:
        sys.settrace(former)
    return seen > at


def really_said(tasks):
    """What asyncio makes the tasks say."""
    said = []

    async def run(steps):
        for step in steps:
            if step is None:
                await asyncio.sleep(0)
            elif isinstance(step, list):
                await run(step)
            else:
                said.append(step)

    async def main():
        await asyncio.gather(*[asyncio.create_task(run(task)) for task in tasks])

    asyncio.run(main())
    return said


def somebody_waits(every_ms, takes_ms, workers):
    """Play it: whether one of as many requests as workers, and one more, finds no worker free."""
    free_at = [0] * workers
    for number in range(workers + 1):
        now, free = number * every_ms, heapq.heappop(free_at)
        if free > now:
            return True
        heapq.heappush(free_at, now + takes_ms)
    return False
