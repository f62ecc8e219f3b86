"""Hidden suite of toy/jobs: ten checks, each by another way of using a cell."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from grader.suite import check, fields, raises

SECRET = "whoever can read this line has left the cell"

names = st.text("abc", min_size=1, max_size=3)


@check("the highest priority comes first", points=10, stage="core", hint="Which end is taken?")
def test_priorities(subject):
    queue = subject.JobQueue()
    for name, priority in [("low", 1), ("high", 9), ("middle", 5)]:
        queue.add(name, priority)
    assert [queue.take() for _ in range(3)] == ["high", "middle", "low"]


@check("jobs of one priority come in their order", points=10, stage="core", hint="What does a tie do?")
def test_ties(subject):
    queue = subject.JobQueue()
    for name in "abc":
        queue.add(name, 1)
    assert [queue.take() for _ in range(3)] == ["a", "b", "c"]


@check("the queue agrees with a model", points=10, stage="core", hint="Follow the session.")
def test_model(subject):
    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.queue, self.model = subject.JobQueue(), []

        @rule(name=names, priority=st.integers(0, 2))
        def add(self, name, priority):
            self.queue.add(name, priority)
            self.model.append((-priority, len(self.model), name))

        @rule()
        def measure(self):
            assert len(self.queue) == len(self.model)

    run_state_machine_as_test(Machine, settings=settings(max_examples=10, stateful_step_count=10))


@check("an empty queue is refused by name", points=10, stage="robust", hint="What does take() do then?")
def test_empty(subject):
    with raises("Empty", match="nothing to do"):
        subject.JobQueue().take()


@check("draining is lazy", points=10, stage="robust", hint="Is drain() a generator?")
def test_drain(subject):
    queue = subject.JobQueue()
    queue.add("a", 2)
    queue.add("b", 1)
    draining = queue.drain()
    assert next(draining) == "a"
    assert len(queue) == 1
    assert list(draining) == ["b"]


@check("every job is run once", points=10, stage="core", hint="Who calls fn?")
def test_run(subject):
    queue, run = subject.JobQueue(), []
    queue.add("a", 1)
    queue.add("b", 2)
    assert queue.run(lambda name: run.append(name) or len(run)) == [1, 2]
    assert run == ["b", "a"]


@check("coroutines are run at once", points=10, stage="robust", hint="Is one awaited after the other?")
async def test_run_async(subject):
    barrier = asyncio.Barrier(2)

    async def meet(name):
        await barrier.wait()
        return name.upper()

    queue = subject.JobQueue()
    queue.add("a", 1)
    queue.add("b", 2)
    assert await queue.run_async(meet) == ["B", "A"]


@check("a line is parsed", points=10, stage="core", hint="Where is the colon?")
@settings(max_examples=20)
@given(name=names, priority=st.integers(-(10**20), 10**20))
def test_parse(subject, name, priority):
    assert subject.parse(f"{name}:{priority}") == (name, priority)


@check("a line without a number is refused", points=10, stage="robust", hint="What does int() raise?")
def test_parse_refuses(subject):
    assert subject.parse("a:1") == ("a", 1)
    with raises(ValueError, match="a line"):
        subject.parse("a:b")


@check("threads may add at once", points=10, stage="production", hint="What if two add at once?")
def test_threads(subject, driver):
    seen = driver.hammer(4, 25)
    assert fields(seen, "length", "distinct") == (100, 100)
