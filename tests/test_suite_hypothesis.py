"""Properties and state machines against a cell: they shrink, follow the seed and may be async."""

from __future__ import annotations

from grader.cell.launcher import Launcher
from grader.model import Level, Limits, Verdict
from tests.cells import CellMaker
from tests.toy_suites import Suites, without_times

GIVEN = """
@check(10)
@given(items=st.lists(st.integers(0, 100), max_size=20))
def test_keeps_all(subject, items):
    assert subject.clean(items) == items
"""

MACHINE = """
@check(10)
def test_model(subject):
    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.stack, self.model = subject.Stack(), []

        @rule(value=st.integers(0, 9))
        def push(self, value):
            self.stack.push(value)
            self.model.append(value)

        @rule()
        def pop(self):
            assert self.stack.pop() == (self.model.pop() if self.model else None)

    run_state_machine_as_test(Machine, settings=settings(max_examples=100, stateful_step_count=20))
"""

STACK = """
class Stack:
    def __init__(self): self.items = []
    def push(self, value): self.items.append(value)
    def pop(self): return self.items.pop({index}) if self.items else None
"""


class TestProperties:
    """``@given`` against a cell."""

    def test_an_example_shrinks_across_the_cell(self, suites: Suites) -> None:
        """The learner sees the smallest input that fails, and only the calls of that one."""
        result = suites.check(GIVEN, "def clean(items): return [item for item in items if item < 7]")
        assert (result.verdict, result.message) == (Verdict.FAILED, "expected [7], got []")
        assert result.transcript == "from toy import clean\nclean([7])  # -> []\n# expected [7], got []"

    def test_a_property_that_holds(self, suites: Suites) -> None:
        """All examples of a check share its cell."""
        result = suites.check(GIVEN, "def clean(items): return list(items)")
        assert result.verdict is Verdict.PASSED, result.message

    def test_a_submission_that_changes_its_mind(self, suites: Suites) -> None:
        """Different answers to the same calls are told as such."""
        result = suites.check(
            GIVEN, "calls = []\ndef clean(items): calls.append(1); return items if len(calls) != 30 else 0"
        )
        assert result.verdict is Verdict.FAILED
        changed = "the same calls gave different answers when they were made again"
        assert result.message.startswith(f"{changed}; first: expected")
        assert result.message.endswith("got 0")

    def test_a_cell_that_ends_ends_the_property(self, suites: Suites) -> None:
        """No second example is tried; the verdict is that of the call that hung."""
        suites.limits = Limits(call_s=0.5)
        result = suites.check(GIVEN, "def clean(items):\n while len(items) > 3: pass\n return items")
        assert result.verdict is Verdict.TIMEOUT
        assert result.transcript.splitlines()[-1] == "# no answer within 0.5 s"

    def test_an_exception_shrinks_too(self, suites: Suites) -> None:
        """What the submission raises is minimal, and its own traceback is shown."""
        result = suites.check(GIVEN, "def clean(items):\n    return [item for item in items if 1 / (item - 3)]")
        assert result.verdict is Verdict.ERROR
        assert result.message.startswith("your code raised ZeroDivisionError: division by zero\nTraceback")
        assert "clean([3])  # raises ZeroDivisionError: division by zero" in result.transcript

    def test_parameters_of_given_and_cases(self, suites: Suites) -> None:
        """Fixtures, cases and examples meet in one check."""
        result = suites.check(
            """
            @check(10)
            @pytest.mark.parametrize("factor", [1, 2])
            @given(x=st.integers(0, 1000))
            def test_times(subject, rng, factor, x):
                assert subject.times(x, factor) == x * factor
            """,
            "def times(x, factor): return x * factor if factor == 1 else min(x * factor, 500)",
        )
        assert result.message == "expected 502, got 500"


class TestStateMachines:
    """Rules against a model."""

    def test_the_steps_shrink(self, suites: Suites) -> None:
        """The shortest sequence that shows a queue is no stack."""
        result = suites.check(MACHINE, STACK.format(index=0))
        assert result.message == "expected 1, got 0"
        assert result.transcript.splitlines()[1:] == [
            "stack = Stack()", "stack.push(0)", "stack.push(1)", "stack.pop()  # -> 0", "# expected 1, got 0"
        ]  # fmt: skip

    def test_a_model_that_agrees(self, suites: Suites) -> None:
        """The right class passes."""
        result = suites.check(MACHINE, STACK.format(index=-1))
        assert result.verdict is Verdict.PASSED, result.message


class TestAsync:
    """Coroutine functions as checks."""

    SUITE = """
    @check(50)
    async def test_gathers(subject):
        assert await asyncio.gather(subject.double(1), subject.double(2)) == [2, 4]
        task = asyncio.create_task(hold(subject))
        await subject.held()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert subject.log == ["cancelled"]

    async def hold(subject):
        await subject.hold()

    @check(50)
    @given(x=st.integers(0, 1000))
    async def test_doubles(subject, x):
        assert await subject.double(x) == 2 * x
    """

    SUBMISSION = """
    import asyncio
    log = []
    holding = asyncio.Event()
    async def double(x):
        await asyncio.sleep(0)
        return 2 * x
    async def held(): await holding.wait()
    async def hold():
        holding.set()
        try: await asyncio.sleep(60)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
    """

    def test_async_checks_and_properties(self, suites: Suites) -> None:
        """Both pass with a right submission."""
        report = suites.grade(self.SUITE, self.SUBMISSION)
        assert report.score == 100, [result.message for result in report.checks]

    def test_async_properties_shrink(self, suites: Suites) -> None:
        """As their synchronous sisters do."""
        report = suites.grade(self.SUITE, self.SUBMISSION.replace("2 * x", "2 * x if x < 13 else 0"))
        assert [result.message for result in report.checks] == ["", "expected 26, got 0"]
        assert report.checks[1].transcript == "from toy import double\nawait double(13)  # -> 0\n# expected 26, got 0"


class TestSeeds:
    """One number decides every example."""

    SUITE = """
    @check(50)
    def test_examples(subject):
        @given(x=st.integers(0, 1 << 60))
        @settings(max_examples=8)
        def ask(x):
            subject.note(x)
        ask()
        assert subject.noted() == 0

    @check(50)
    def test_chance(subject, rng):
        assert subject.tell(rng.random()) == 0
    """

    SUBMISSION = """
    seen = []
    def note(x): seen.append(x)
    def noted(): return seen
    def tell(x): return x
    """

    def test_same_seed_same_report(self, suites: Suites) -> None:
        """Messages and transcripts included, however many processes took part."""
        first = suites.grade(self.SUITE, self.SUBMISSION)
        second = suites.grade(self.SUITE, self.SUBMISSION, parallel=1)
        assert without_times(first) == without_times(second)

    def test_other_seed_other_examples(self, suites: Suites) -> None:
        """A fresh seed asks for other things."""
        reports = [suites.grade(self.SUITE, self.SUBMISSION, seed=seed) for seed in (1, 2)]
        one, two = ([result.message for result in report.checks] for report in reports)
        assert one[0] != two[0]
        assert one[1] != two[1]

    def test_sets_of_a_submission_follow_the_seed(self) -> None:
        """What depends on hashes of text is the same for a seed, too, and the seed itself is not told."""
        source = "import os\norder = list({'a', 'b', 'c', 'd', 'e', 'f', 'g'})\nnames = list(os.environ)"
        orders = []
        for seed in (1, 1, 2):
            maker = CellMaker(Launcher(Level.BARE, seed=seed))
            maker.launcher.wait_until_ready()
            subject = maker(source)
            orders.append(subject.order)
            assert "PYTHONHASHSEED" not in subject.names
            maker.close()
            maker.launcher.close()
        assert orders[0] == orders[1] != orders[2]
