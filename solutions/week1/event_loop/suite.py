"""Hidden suite of week1/event_loop. The driver plays programs of tasks; a model of the statement says what is right."""

from collections.abc import Generator
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.suite import check

Programs = dict[str, list[str]]


@check(
    "run_until_complete and await give what the coroutine returned, or raise what it raised",
    points=7,
    stage="core",
    hint="A coroutine ends with StopIteration, whose value is the result, or with an exception: keep both.",
)
def test_results(driver):
    @given(value=st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2))
    @settings(max_examples=20)
    def any_value(value):
        seen = driver.outcome(value)
        assert seen["returned"] == value
        assert seen["same"] == [True] * 5, "awaiting a task twice did not give the very object, or error, both times"
        assert seen["raised the same"], "run_until_complete did not raise the very exception of its coroutine"

    any_value()
    follows(driver, {
        "main": ["start a", "start b", "look a", "sleep 2", "look a", "look b", "await a", "try await b",
                 "try await b"],
        "a": ["sleep 1", "return A"],
        "b": ["sleep 1", "raise no"],
    }, [
        "0 main: a is done: False, cancelled: False, result: RuntimeError",
        "2 main: a is done: True, cancelled: False, result: A",
        "2 main: b is done: True, cancelled: False, result: Boom no",
        "2 main: got A",
        "2 main: caught Boom no",
        "2 main: caught Boom no",
    ])  # fmt: skip


@check(
    "tasks take turns in the order in which they got ready",
    points=10,
    stage="core",
    hint="create_task and sleep(0) put a task at the end of one queue; the loop takes from its front.",
)
def test_turns(driver):
    follows(driver, {
        "main": ["start a", "start b", "say 1", "sleep 0", "say 2", "await a", "say 3", "await b"],
        "a": ["say 1", "sleep 0", "say 2", "sleep 0", "say 3"],
        "b": ["say 1", "sleep -1", "start c", "say 2", "sleep 0", "say 3"],
        "c": ["say 1", "sleep 0", "say 2"],
    }, [
        "0 main: 1", "0 a: 1", "0 b: 1", "0 main: 2", "0 a: 2", "0 b: 2", "0 a: 3", "0 c: 1", "0 b: 3",
        "0 main: got None", "0 main: 3", "0 main: got None",
    ])  # fmt: skip
    follows(driver, {
        "main": ["start a", "start b", "start c", "await c"],
        "a": ["say 1", "await b", "say 2"],
        "b": ["say 1", "sleep 0", "say 2"],
        "c": ["say 1", "await b", "await a", "sleep 0", "say 2"],
    }, [
        "0 a: 1", "0 b: 1", "0 c: 1", "0 b: 2", "0 a: got None", "0 a: 2", "0 c: got None", "0 c: got None", "0 c: 2",
        "0 main: got None",
    ])  # fmt: skip


@check(
    "sleepers wake by their time, and those of one moment in the order in which they fell asleep",
    points=9,
    stage="core",
    hint="What does a heap compare when two deadlines are equal?",
)
def test_sleepers(driver):
    @given(naps=st.lists(st.sampled_from([0.25, 0.5, 1.0, 2.0]), min_size=2, max_size=8))
    @settings(max_examples=20)
    def any_naps(naps):
        names = [f"t{number}" for number in range(len(naps))]
        programs = {"main": [*(f"start {name}" for name in names), "sleep 3"]}
        for name, nap in zip(names, naps, strict=True):
            programs[name] = [f"sleep {nap}", "say up", f"sleep {4.0 - nap if nap < 2 else 0.5}"]
        woken = sorted(zip(naps, range(len(naps)), names, strict=True))
        follows(driver, programs, [f"{nap:g} {name}: up" for nap, _, name in woken])

    follows(driver, {
        "main": ["start late", "start a", "start b", "start c", "sleep 4", "say end"],
        "late": ["sleep 1", "sleep 1", "say up"],
        "a": ["sleep 2", "say up"],
        "b": ["sleep 2", "say up"],
        "c": ["sleep 0.5", "sleep 1.5", "say up"],
    }, ["2 a: up", "2 b: up", "2 c: up", "2 late: up", "4 main: end"])  # fmt: skip
    any_naps()


@check(
    "sleeps overlap, and the loop idles exactly until the next one ends",
    points=8,
    stage="core",
    hint="Only the loop may call idle: when nobody is ready, once, for the time that is left to the first deadline.",
)
def test_idle(driver):
    seen = follows(driver, {
        "main": ["start a", "start b", "start c", "await a", "say end"],
        "a": ["sleep 8", "say up"],
        "b": ["sleep 5", "say up", "sleep 2", "say up"],
        "c": ["sleep 0", "sleep 0", "sleep 5", "say up"],
    }, ["5 b: up", "5 c: up", "7 b: up", "8 a: up", "8 main: got None", "8 main: end"])  # fmt: skip
    assert seen["idled"] == [5.0, 2.0, 1.0], f"idle was called with {seen['idled'][:9]}, expected [5.0, 2.0, 1.0]"
    at_most = 3 * (12 + 3)
    assert seen["readings"] <= at_most, f"12 turns and 3 calls of idle read the clock {seen['readings']} times"


@check(
    "gather runs all at once: results in the order of the arguments, or the first failure as it happens",
    points=8,
    stage="core",
    hint="Awaiting the children one after the other is too late for a failure of the last one.",
)
def test_gather(driver):
    seen = follows(driver, {
        "main": ["gather", "start b", "sleep 1", "gather a b c", "say end"],
        "a": ["sleep 2", "say up", "return A"], "b": ["sleep 2", "return B"], "c": ["sleep 1", "say up", "return C"],
    }, [
        "0 main: got []", "2 c: up", "3 a: up", "3 main: got ['A', 'B', 'C']", "3 main: end",
    ])  # fmt: skip
    assert sum(seen["idled"]) == 3, f"three sleeps side by side took {sum(seen['idled']):g} s instead of 3 s"
    follows(driver, {
        "main": ["start a", "start b", "sleep 1", "gather a b", "try gather a c"],
        "a": ["return A"], "b": ["sleep 2", "return B"], "c": ["raise no"],
    }, ["2 main: got ['A', 'B']", "2 main: caught Boom no"])  # fmt: skip
    follows(driver, {
        "main": ["try gather a b c", "sleep 5", "say end"],
        "a": ["sleep 4", "say unharmed"], "b": ["sleep 2", "raise second"], "c": ["sleep 1", "raise first"],
    }, ["1 main: caught Boom first", "4 a: unharmed", "6 main: end"])  # fmt: skip


@check(
    "an event wakes all who wait for it, in their order, and makes nobody wait once it is set",
    points=6,
    stage="core",
    hint="Whoever waited when set() was called goes on, even if clear() is called in the same turn.",
)
def test_event(driver):
    follows(driver, {
        "main": ["flag e", "start a", "start b", "start c", "sleep 1", "set e", "flag e", "clear e", "flag e",
                 "sleep 1", "set e", "wait e", "say through", "sleep 1", "say end"],
        "a": ["wait e", "say through", "wait e", "say again"],
        "b": ["wait e", "say through"],
        "c": ["sleep 0.5", "wait e", "say through"],
    }, [
        "0 main: e is False", "1 main: e is True", "1 main: e is False",
        "1 a: through", "1 b: through", "1 c: through", "2 main: through", "2 a: again", "3 main: end",
    ])  # fmt: skip


@check(
    "cancel raises CancelledError where the task waits; its finally blocks run, and may wait",
    points=10,
    stage="core",
    hint="Throw the exception into the coroutine at its next turn, and go on running it.",
)
def test_cancel(driver):
    follows(driver, {
        "main": ["start a", "start b", "start c", "start d", "sleep 1", "cancel a", "cancel b", "cancel c", "look a",
                 "say asked", "try await a", "look a", "cancel a", "try await b", "await c", "look c", "cancel c",
                 "await d", "start never", "cancel never", "try await never", "look never"],
        "a": ["sleep 9"], "a finally": ["say closing", "sleep 1", "say closed"],
        "b": ["wait e"], "b finally": ["say closed"],
        "c": ["try sleep 9", "sleep 2", "return survived"],
        "d": ["try await a", "say on"],
        "never": ["say started"], "never finally": ["say finally"],
    }, [
        "1 main: cancel a: True", "1 main: cancel b: True", "1 main: cancel c: True",
        "1 main: a is done: False, cancelled: False, result: RuntimeError", "1 main: asked",
        "1 a: closing", "1 b: closed", "1 c: caught CancelledError", "2 a: closed",
        "2 d: caught CancelledError", "2 d: on", "2 main: caught CancelledError",
        "2 main: a is done: True, cancelled: True, result: CancelledError", "2 main: cancel a: False",
        "2 main: caught CancelledError", "3 main: got survived",
        "3 main: c is done: True, cancelled: False, result: survived", "3 main: cancel c: False", "3 main: got None",
        "3 main: cancel never: True", "3 main: caught CancelledError",
        "3 main: never is done: True, cancelled: True, result: CancelledError",
    ])  # fmt: skip
    follows(driver, {
        "main": ["start a", "sleep 1", "set e", "cancel a", "cancel a", "try await a"],
        "a": ["try wait e", "say on", "sleep 1", "raise late"],
    }, [
        "1 main: cancel a: True", "1 main: cancel a: True", "1 a: caught CancelledError", "1 a: on",
        "2 main: caught Boom late",
    ])  # fmt: skip


@check(
    "any mixture of tasks, sleeps, events and cancellations happens in one order",
    points=8,
    stage="robust",
    hint="Compare the two logs line by line: which task got ready first, and why?",
)
@settings(max_examples=40)
@given(data=st.data())
def test_mixture(driver, data):
    tasks = ["a", "b", "c", "d"]
    programs = {"main": [f"start {name}" for name in tasks]}
    for place, name in enumerate(tasks):
        steps = data.draw(st.lists(step(tasks[place + 1 :]), max_size=6), label=name)
        programs[name] = [*steps, data.draw(st.sampled_from(["return 1", "raise no", "say end"]))]
        programs[f"{name} finally"] = data.draw(st.sampled_from([[], ["say finally"], ["sleep 0.5", "say finally"]]))
    programs["main"] += data.draw(st.lists(step(tasks), max_size=6), label="main")
    programs["main"] += [f"try await {name}" for name in tasks]
    expected = Model(programs).play()
    seen = driver.play(programs)
    assert seen["log"] == expected["log"]
    assert seen["ended"] == [expected["ended"]]
    assert seen["idled"] == expected["idled"], f"idle was called with {seen['idled']}, expected {expected['idled']}"


@check(
    "a wait that was cancelled is forgotten: it holds nobody up and wakes nobody later",
    points=5,
    stage="robust",
    hint="The heap and the event still know the task. What happens when its old entry comes up?",
)
def test_forgotten(driver):
    seen = follows(driver, {
        "main": ["start a", "start b", "start c", "sleep 1", "cancel a", "cancel b", "cancel c", "sleep 1", "set e",
                 "await a", "await b", "say end"],
        "a": ["try sleep 3", "sleep 6", "say up", "return A"],
        "b": ["try wait e", "sleep 4", "say up"],
        "c": ["sleep 1000"],
    }, [
        "1 main: cancel a: True", "1 main: cancel b: True", "1 main: cancel c: True",
        "1 a: caught CancelledError", "1 b: caught CancelledError",
        "5 b: up", "7 a: up", "7 main: got A", "7 main: got None", "7 main: end",
    ])  # fmt: skip
    assert seen["idled"] == [1.0, 1.0, 3.0, 2.0], f"idle was called with {seen['idled']}, expected [1.0, 1.0, 3.0, 2.0]"
    follows(driver, {
        "main": ["start a", "sleep 1", "cancel a", "try await a", "wait e"],
        "a": ["sleep 1000"],
    }, [
        "1 main: cancel a: True", "1 main: caught CancelledError",
    ], ended="raised RuntimeError", idled=[1.0])  # fmt: skip


@check(
    "cancel goes on to what the task awaits: a task, or all children of gather, and waits for their end",
    points=6,
    stage="robust",
    hint="A task that awaits another is not the one to throw into. gather raises when all its children have ended.",
)
def test_cancel_goes_down(driver):
    follows(driver, {
        "main": ["start a", "start b", "start c", "sleep 1", "cancel a", "try await a", "look b", "look c", "sleep 3"],
        "a": ["await b"], "b": ["await c"], "c": ["sleep 9", "say up"], "c finally": ["sleep 2", "say closed"],
    }, [
        "1 main: cancel a: True", "3 c: closed", "3 main: caught CancelledError",
        "3 main: b is done: True, cancelled: True, result: CancelledError",
        "3 main: c is done: True, cancelled: True, result: CancelledError",
    ])  # fmt: skip
    follows(driver, {
        "main": ["start a", "sleep 1", "cancel a", "try await a", "say end", "sleep 20"],
        "a": ["gather b c d", "say all"],
        "b": ["sleep 9", "say up"], "b finally": ["sleep 1", "say closed"],
        "c": ["sleep 8", "say up"], "c finally": ["sleep 3", "say closed"],
        "d": ["sleep 0.5", "say up"],
    }, [
        "0.5 d: up", "1 main: cancel a: True", "2 b: closed", "4 c: closed", "4 main: caught CancelledError",
        "4 main: end",
    ])  # fmt: skip
    follows(driver, {
        "main": ["start a", "sleep 0", "sleep 0", "sleep 1", "cancel a", "try await a"],
        "a": ["gather b c"], "b": ["sleep 1", "raise no"], "c": ["sleep 2"],
    }, ["1 main: cancel a: True", "1 main: caught CancelledError"])  # fmt: skip
    follows(driver, {
        "main": ["start b", "start a", "sleep 1", "cancel a", "await a"],
        "a": ["await b", "return went on"], "b": ["try sleep 9", "return survived"],
    }, [
        "1 main: cancel a: True", "1 b: caught CancelledError", "1 a: got survived", "1 main: got went on",
    ])  # fmt: skip


@check(
    "busy tasks keep no sleeper from waking, and idling may end early or late",
    points=5,
    stage="robust",
    hint="Look at the clock also while somebody is ready, and look again after idle instead of trusting it.",
)
def test_clock(driver):
    rest = [word for _ in range(8) for word in ("work 0.25", "sleep 0")]
    seen = driver.play({
        "main": ["start busy", "start a", "start b", "await busy", "say end"],
        "busy": [*rest, "say half", *rest, "say end"],
        "a": ["sleep 1", "say up"],
        "b": ["sleep 0.5", "say up"],
    })  # fmt: skip
    order = [line.partition(" ")[2] for line in seen["log"]]
    assert order == ["b: up", "a: up", "busy: half", "busy: end", "main: got None", "main: end"]
    late = max(float(line.split()[0]) - due for line, due in zip(seen["log"], (0.5, 1.0), strict=False))
    assert late <= 0.5, f"a task of 0.25 s a turn was ready all the time, and a sleeper woke {late:g} s late"
    programs = {
        "main": ["start a", "start b", "start c", "wait e", "say end"],
        "a": ["sleep 2.5", "say up"], "b": ["sleep 2", "say up"], "c": ["sleep 4", "say up", "set e"],
    }  # fmt: skip
    follows(driver, programs, ["2 b: up", "2.5 a: up", "4 c: up", "4 main: end"], early=True)
    follows(driver, programs, ["2.75 b: up", "2.75 a: up", "4.75 c: up", "4.75 main: end"], late=0.75)


@check(
    "what cannot be is refused: a deadlock, a loop in itself, no coroutine, a foreign awaitable, NaN",
    points=5,
    stage="robust",
    hint="Each has its exception in the statement; the task that asked gets it, and the others go on.",
)
def test_refusals(driver):
    follows(driver, {
        "main": ["start a", "start b", "try nested c", "await a", "await b", "say end"],
        "a": ["try foreign", "sleep 1", "return A"], "b": ["sleep 1", "return B"], "c": [],
    }, [
        "0 main: caught RuntimeError", "0 a: caught RuntimeError", "1 main: got A", "1 main: got B", "1 main: end",
    ])  # fmt: skip
    follows(driver, {
        "main": ["start a", "start b", "say on", "await a"], "a": ["sleep 1", "wait e"], "b": ["sleep 2", "await a"],
    }, ["0 main: on"], ended="raised RuntimeError", idled=[1.0, 1.0])  # fmt: skip
    assert driver.refusals() == {
        "create_task(5)": "TypeError",
        "create_task(function)": "TypeError",
        "run_until_complete(None)": "TypeError",
        "sleep(nan)": "ValueError",
    }


@check(
    "run_until_complete ends with its own coroutine; other tasks stand still until the next run",
    points=4,
    stage="robust",
    hint="Queue and sleepers belong to the loop, not to one run of it.",
)
def test_next_run(driver):
    programs = {
        "main": ["start a", "start b", "start c", "sleep 2", "return 1"],
        "a": ["sleep 1", "say up", "sleep 2", "say up", "sleep 1", "say up"],
        "b": ["sleep 2", "say up"],
        "c": ["sleep 1", "raise unheard"],
        "next": ["say begin", "sleep 1.5", "try await c", "raise no"],
        "last": ["await a", "return 3"],
    }
    seen = driver.play(programs, mains=("main", "next", "last"))
    assert seen["ended"] == ["returned 1", "raised Boom no", "returned 3"]
    assert seen["log"] == [
        "1 a: up", "2 b: up", "2 next: begin", "3 a: up", "3.5 next: caught Boom unheard", "4 a: up",
        "4 last: got None",
    ]  # fmt: skip


@check(
    "thousands of tasks cost no more than in proportion, and awaiting in a chain needs no deep stack",
    points=5,
    stage="production",
    hint="A heap finds the next sleeper without looking at all. A task that ends makes the next one ready, no more.",
)
def test_cost(driver, cell):
    length = 3_000
    assert driver.chain(length) == length
    few, many = 300, 6_000
    assert (driver.crowd(few), driver.crowd(many)) == (few, many), "not every sleeper of a crowd woke"
    small, large = cell.cpu(driver.crowd, few), cell.cpu(driver.crowd, many)
    story = f"{few} sleepers took {small:.3f} s of CPU, {many} took {large:.3f} s: twenty times as many"
    assert large <= 60 * small + 0.1, story


@check(
    "a task that has ended is let go",
    points=4,
    stage="production",
    hint="Who still refers to the task: a list of all tasks, a dict of sleepers, an event?",
)
def test_memory(driver):
    seen = driver.leftovers(300)
    assert seen["made"] == 300
    left = seen["left"]
    assert left <= 10, f"300 tasks had ended and nobody held them, but {left} of their results were still in memory"


def follows(
    driver: Any,
    programs: Programs,
    log: list[str],
    *,
    ended: str = "returned None",
    idled: list[float] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Play the programs and demand this log and this end."""
    seen: dict[str, Any] = driver.play(programs, **options)
    assert seen["log"] == log
    assert seen["ended"] == [ended], f"run_until_complete {seen['ended'][0]}, expected: {ended}"
    assert idled is None or seen["idled"] == idled, f"idle was called with {seen['idled'][:9]}, expected {idled}"
    return seen


def step(others: list[str]) -> st.SearchStrategy[str]:
    """A step of a task that may await and cancel ``others``, which cannot lead back to itself."""
    plain = ["sleep 0", "sleep 0.5", "sleep 1", "sleep 2", "say on", "set e", "clear e", "wait e", "try wait e",
             "try sleep 1"]  # fmt: skip
    words = [f"{verb} {name}" for name in others for verb in ("await", "try await", "cancel", "cancel")]
    return st.sampled_from(plain) if not words else st.sampled_from(plain) | st.sampled_from(words)


class Stop(Exception):
    """Boom or CancelledError, in the model."""


class Model:
    """What the statement says, for programs of sleeps, events, awaits and cancellations."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.now = 0.0
        self.numbers = count()
        self.log: list[str] = []
        self.idled: list[float] = []
        self.tasks: dict[str, Generator[tuple[str, str] | None, None, str | None]] = {}
        self.queue: list[str] = []
        self.asleep: list[tuple[float, int, str]] = []
        self.waiting: dict[str, tuple[str, str]] = {}  # in the order in which they came
        self.doomed: set[str] = set()
        self.set_events: set[str] = set()
        self.ends: dict[str, tuple[str, str]] = {}

    def play(self) -> dict[str, Any]:
        self.start("main")
        while "main" not in self.ends:
            if not self.queue and not self.asleep:
                return {"log": self.log, "ended": "raised RuntimeError", "idled": self.idled}
            if not self.queue:
                first = min(self.asleep)[0]
                self.idled.append(first - self.now)
                self.now = first
                for _, _, name in sorted(entry for entry in self.asleep if entry[0] <= first):
                    self.wake(name)
            self.turn(self.queue.pop(0))
        kind, value = self.ends["main"]
        return {"log": self.log, "ended": f"{'returned' if kind == 'got' else 'raised'} {value}", "idled": self.idled}

    def start(self, name: str) -> None:
        self.tasks[name] = self.run(name)
        self.queue.append(name)

    def turn(self, name: str) -> None:
        try:
            if name in self.doomed:
                self.doomed.discard(name)
                wants = self.tasks[name].throw(Stop("CancelledError"))
            else:
                wants = next(self.tasks[name])
        except StopIteration as end:
            self.end(name, "got", str(end.value))
        except Stop as stop:
            self.end(name, "caught", str(stop))
        else:
            if wants is None:
                self.queue.append(name)
            else:
                self.waiting[name] = wants

    def end(self, name: str, kind: str, value: str) -> None:
        self.ends[name] = kind, value
        self.wake_all(("task", name))

    def wake_all(self, awaited: tuple[str, str]) -> None:
        for name in [name for name, wants in self.waiting.items() if wants == awaited]:
            self.wake(name)

    def wake(self, name: str) -> None:
        del self.waiting[name]
        self.asleep = [entry for entry in self.asleep if entry[2] != name]
        self.queue.append(name)

    def cancel(self, name: str) -> bool:
        if name in self.ends:
            return False
        kind, awaited = self.waiting.get(name, ("", ""))
        if kind == "task":
            return self.cancel(awaited)
        self.doomed.add(name)
        if kind:
            self.wake(name)
        return True

    def run(self, name: str) -> Generator[tuple[str, str] | None, None, str | None]:
        value, stop = None, None
        try:
            for text in self.programs[name]:
                if text.startswith("return "):
                    value = text.partition(" ")[2]
                    break
                yield from self.step(name, text)
        except Stop as raised:
            stop = raised
        for text in self.programs.get(f"{name} finally", []):
            yield from self.step(name, text)
        if stop is not None:
            raise stop
        return value

    def step(self, name: str, text: str) -> Generator[tuple[str, str] | None, None, None]:
        word, _, rest = text.partition(" ")
        if word == "try":
            try:
                yield from self.step(name, rest)
            except Stop as stop:
                self.say(name, f"caught {stop}")
        elif word == "say":
            self.say(name, rest)
        elif word == "start":
            self.start(rest)
        elif word == "sleep" and rest == "0":
            yield None
        elif word == "sleep":
            self.asleep.append((self.now + float(rest), next(self.numbers), name))
            yield ("sleep", rest)
        elif word == "await":
            if rest not in self.ends:
                yield ("task", rest)
            kind, value = self.ends[rest]
            if kind == "caught":
                raise Stop(value)
            self.say(name, f"got {value}")
        elif word == "wait" and rest not in self.set_events:
            yield ("event", rest)
        elif word == "set":
            self.set_events.add(rest)
            self.wake_all(("event", rest))
        elif word == "clear":
            self.set_events.discard(rest)
        elif word == "cancel":
            self.say(name, f"cancel {rest}: {self.cancel(rest)}")
        elif word == "raise":
            raise Stop(f"Boom {rest}")

    def say(self, name: str, text: str) -> None:
        self.log.append(f"{self.now:g} {name}: {text}")
