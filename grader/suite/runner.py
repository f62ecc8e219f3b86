"""Runs one hidden suite with pytest in this process. Callers fork first, so that no state is shared."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, core, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.internal.conjecture import engine, providers
from hypothesis.internal.constants_ast import Constants

from grader.catalog import layout
from grader.errors import ExerciseError
from grader.model import CheckResult, RunOptions
from grader.suite import fixtures
from grader.suite.plugin import SuitePlugin
from grader.suite.repeating import Repeating
from grader.suite.session import Run

_SHRINKING_S = 10  # Hypothesis' own limit of five minutes is meant for people who wait
_UNNEEDED = (
    "terminal", "cacheprovider", "doctest", "junitxml", "pastebin", "faulthandler", "stepwise", "logging", "warnings",
    "unraisableexception", "threadexception", "debugging",
)  # fmt: skip
_OPTIONS = ("--capture=no", "--import-mode=importlib", "--strict-markers", "--noconftest")


def run_suite(
    run: Run,
    suite: Path,
    on_result: Callable[[CheckResult], None],
    take: Callable[[], str] | None = None,
    repeating: Repeating | None = None,
) -> None:
    """Runs checks of ``suite`` against ``run``'s submission and tells of each result.

    ``take()`` names the next check to run, or nothing when it is time to stop; without it, all are run in the file's
    order. ``repeating`` spares what other submissions have shown. Raises ``ExerciseError`` when the suite cannot be
    collected.
    """
    settle_hypothesis(run.options)
    plugin = SuitePlugin(run, on_result)
    taking = _Taking(take) if take is not None else None
    _run_pytest(suite, *(each for each in (plugin, taking, repeating) if each is not None))
    if plugin.problem:
        raise ExerciseError(suite, "the suite cannot be collected", plugin.problem.strip()[-1500:])


def rehearse() -> None:
    """Has pytest collect a small suite. Processes forked afterwards take half as long to collect theirs: they find the
    interpreter's code specialised (PEP 659) and what is looked up once already known.
    """
    _run_pytest(layout.template_suite(), _Taking(lambda: ""))
    sys.modules.pop(layout.template_suite().stem, None)  # else the next suite would be taken for this one


def _run_pytest(suite: Path, *plugins: object) -> None:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # what else is installed has no say in a suite
    os.environ.pop("PYTEST_ADDOPTS", None)
    arguments = [str(suite), f"--rootdir={suite.parent}", f"--confcutdir={suite.parent}", "-c", os.devnull, *_OPTIONS]
    for plugin_name in _UNNEEDED:
        arguments += ["-p", f"no:{plugin_name}"]
    pytest.main(arguments, plugins=[fixtures, *plugins])


class _Taking:
    """Runs the checks that ``take`` names, one after the other."""

    def __init__(self, take: Callable[[], str]) -> None:
        self._take = take

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        while session.items and (name := self._take()):
            for item in session.items:
                if isinstance(item, pytest.Function) and item.originalname == name:
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return True


def settle_hypothesis(options: RunOptions) -> None:
    """The same examples for the same seed; no database, no deadline, no health check that a slow machine trips."""
    set_hypothesis_home_dir(storage())
    core.global_force_seed = options.seed  # type: ignore[assignment] # declared as None only
    engine.MAX_SHRINKING_SECONDS = _SHRINKING_S
    providers._get_local_constants = Constants  # else examples would depend on the files that happen to be imported
    settings.register_profile(
        "onspot",
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.target, *([Phase.shrink] if options.shrink else [])],
    )
    settings.load_profile("onspot")


def storage() -> Path:
    """Where Hypothesis keeps its tables between runs: without them each run would build them for a second."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "onspot" / "hypothesis"
