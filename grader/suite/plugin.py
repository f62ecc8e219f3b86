"""The pytest plugin that runs a hidden suite: collects its checks, runs each in a session of its own, judges."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
from _pytest.assertion import util as assertion_util

from grader.cell.deaths import SubmissionError
from grader.model import Check, CheckResult, Level, Verdict
from grader.suite import own_time, suite_loop
from grader.suite.check import ATTRIBUTE
from grader.suite.fixtures import RUN, SESSION
from grader.suite.messages import Comparison, explain
from grader.suite.recording import encode
from grader.suite.requests import PRINTED, RAISED
from grader.suite.session import Run, Session

#: What a check may need that a level cannot give.
_LACKING = {Level.GUARDED: frozenset({"processes"})}
_PRINTED_LINES = 10
_RAISED_LINES = 40  # the last ones, which say what it was
_FAULT = 300  # characters of a fault that is not the submission's


class SuitePlugin:
    """Runs the checks of one suite and tells ``on_result`` of each as soon as it is decided."""

    def __init__(self, run: Run, on_result: Callable[[CheckResult], None], only: frozenset[str] = frozenset()) -> None:
        self._run = run
        self._on_result = on_result
        self._only = only
        self._comparison = Comparison()
        self._pending: dict[str, int] = {}  # check id -> items still to run
        self._failures: dict[str, CheckResult] = {}
        self._seconds: dict[str, float] = {}
        #: Why the suite could not be collected; the suite's fault.
        self.problem = ""

    # -- collecting

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[RUN] = self._run

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problem = report.longreprtext

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = []
        for item in items:
            check = check_of(item)
            if check is not None and (not self._only or check.id in self._only):
                self._pending[check.id] = self._pending.get(check.id, 0) + 1
                kept.append(item)
        items[:] = kept

    # -- running

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._comparison.clear()
        began = time.monotonic()
        result = yield
        check = check_of(item)
        assert check is not None
        self._seconds[check.id] = self._seconds.get(check.id, 0.0) + time.monotonic() - began
        self._pending[check.id] -= 1
        if self._pending[check.id] == 0:
            seconds = round(self._seconds.pop(check.id, 0.0), 3)
            failure = self._failures.pop(check.id, None)
            verdict = failure or CheckResult(check, Verdict.PASSED)
            message, transcript = _clean(verdict.message), _clean(verdict.transcript)
            self._on_result(CheckResult(check, verdict.verdict, message, transcript, seconds, verdict.recording))
        return result

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        check = check_of(item)
        lacking = _LACKING.get(self._run.level, frozenset())
        missing = sorted(lacking & set(check.needs)) if check is not None else []
        if missing:
            raise NotGradedHere(f"needs {', '.join(missing)}, which level {self._run.level} cannot give")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, Any, Any]:
        previous, assertion_util._reprcompare = assertion_util._reprcompare, self._comparison
        try:
            with own_time.bounded(self._run.exercise.limits.check_s):
                return (yield)
        finally:
            assertion_util._reprcompare = previous

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Runs coroutine functions in the suite's loop, also inside of Hypothesis."""
        function, session = pyfuncitem.obj, pyfuncitem.stash[SESSION]
        hypothesis = getattr(function, "hypothesis", None)
        if hypothesis is not None:
            if inspect.iscoroutinefunction(hypothesis.inner_test):
                hypothesis.inner_test = _synchronous(hypothesis.inner_test, session)
            return None
        if not inspect.iscoroutinefunction(function):
            return None
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        suite_loop.run(lambda: function(**arguments), session.waiting)
        return True

    # -- judging

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        check = check_of(item)
        assert check is not None
        if call.excinfo is not None and check.id not in self._failures:
            try:
                self._failures[check.id] = self._judge(check, item, call.excinfo.value, call.when)
            except Exception as error:  # noqa: BLE001 - judging must not end the suite and lose what is left to grade
                why = f"what your code answered cannot be shown ({type(error).__name__})"
                self._failures[check.id] = CheckResult(check, Verdict.ERROR, why)
        outcome = "passed" if call.excinfo is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)  # type: ignore[arg-type]

    def _judge(self, check: Check, item: pytest.Item, error: BaseException, when: str) -> CheckResult:
        if isinstance(error, NotGradedHere):
            return CheckResult(check, Verdict.NOT_GRADED, str(error))
        verdict, message = explain(error, self._comparison)
        if when != "call" and verdict is Verdict.ERROR and not isinstance(error, SubmissionError):
            return CheckResult(check, Verdict.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        if verdict is Verdict.INTERNAL_ERROR:
            return CheckResult(check, verdict, message)
        session = item.stash.get(SESSION, None)
        if session is not None and session.fault:
            message = f"{message}\n(tell the exercise's author: {session.fault[:_FAULT]})"
        recording = ""
        if session is not None and session.recorder is not None:
            recording = encode(session.recorder.finished(message, *self._comparison.values))
        return CheckResult(check, verdict, message, _transcript(session, message), recording=recording)


class NotGradedHere(Exception):
    """A check needs what this level of isolation cannot give."""


def _clean(text: str) -> str:
    """Text that UTF-8 can carry, whatever a submission answered."""
    return text.encode("utf-8", "backslashreplace").decode()


def check_of(item: pytest.Item) -> Check | None:
    """The check that an item belongs to, if any."""
    found = getattr(getattr(item, "obj", None), ATTRIBUTE, None)
    return found if isinstance(found, Check) else None


def _synchronous(test: Callable[..., Any], session: Session) -> Callable[..., Any]:
    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> Any:
        return suite_loop.run(lambda: test(*args, **kwargs), session.waiting)

    return run


def _transcript(session: Session | None, message: str) -> str:
    """The check's calls, what came, and what the submission printed."""
    if session is None:
        return ""
    text = session.transcript.render(session.subject, session.driver)
    first = message.partition("\n")[0]
    lines = [text, f"# {first}"] if text else []
    for raised in session.telling.raised_by_apps():
        lines += _below(RAISED, raised.splitlines()[-_RAISED_LINES:])
    printed = session.cell.printed if session.started else ""
    if printed and lines:
        lines += _below(PRINTED, printed.splitlines()[:_PRINTED_LINES])
    return "\n".join(lines)


def _below(heading: str, lines: list[str]) -> list[str]:
    return [heading, *[f"#   {line[:200]}" for line in lines]]
