"""From results to scores: what counts, how it is scaled, and which word stands for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.catalog import Catalog
from grader.model import (
    CheckResult,
    ExerciseReport,
    Isolation,
    Level,
    Report,
    Status,
    Submission,
    Verdict,
    mean_score,
)
from grader.scoring import is_grader_at_fault, score_exercise, score_of, score_report
from tests.sample_reports import result

SUBMISSION = Submission("here", {"first.py": b"x = 1"})
LOST = [verdict for verdict in Verdict if verdict.counts and verdict is not Verdict.PASSED]


def results(*verdicts: Verdict) -> list[CheckResult]:
    """One result each, of 10, 20, 30 ... points."""
    return [result(n, verdict, f"because of {n}", points=10 * n) for n, verdict in enumerate(verdicts, 1)]


def exercise_report(
    catalog: Catalog, verdicts: Sequence[Verdict], submission: Submission = SUBMISSION
) -> ExerciseReport:
    return score_exercise(catalog.get("week1/first"), submission, results(*verdicts))


class TestScore:
    """The points that count, scaled to 100."""

    def test_earned_of_possible(self) -> None:
        """10 and 30 of 60 points are 66.67."""
        assert score_of(results(Verdict.PASSED, Verdict.FAILED, Verdict.PASSED)) == 66.67

    @pytest.mark.parametrize("verdict", LOST)
    def test_every_other_end_is_lost(self, verdict: Verdict) -> None:
        """A check that counts earns all of its points or none."""
        assert score_of(results(Verdict.PASSED, verdict, Verdict.FAILED, verdict)) == 10.0

    @pytest.mark.parametrize("verdict", [Verdict.NOT_GRADED, Verdict.INTERNAL_ERROR])
    def test_what_the_learner_cannot_help_does_not_count(self, verdict: Verdict) -> None:
        """A missing part or a fault of the grader leaves both sides of the fraction."""
        assert score_of(results(Verdict.PASSED, verdict)) == 100.0
        assert score_of(results(Verdict.FAILED, verdict)) == 0.0
        assert score_of(results(verdict, verdict)) == 0.0

    @given(st.lists(st.sampled_from(Verdict), max_size=12))
    def test_bounds(self, verdicts: list[Verdict]) -> None:
        """100 is for those who lost nothing, 0 for those who earned nothing, and all else lies between."""
        score = score_of(results(*verdicts))
        counting = [verdict for verdict in verdicts if verdict.counts]
        assert 0 <= score <= 100
        assert (score == 100) == (bool(counting) and set(counting) == {Verdict.PASSED})
        assert (score == 0) == (Verdict.PASSED not in counting)


class TestStatus:
    """The word for how an exercise stands."""

    @pytest.mark.parametrize(
        ("verdicts", "status"),
        [
            ([Verdict.PASSED, Verdict.PASSED], Status.PASSED),
            ([Verdict.PASSED, Verdict.NOT_GRADED], Status.PASSED),
            ([Verdict.PASSED, Verdict.TIMEOUT], Status.PARTIAL),
            ([Verdict.CRASHED, Verdict.FAILED], Status.FAILED),
            ([Verdict.FAILED, Verdict.INTERNAL_ERROR], Status.FAILED),
            ([Verdict.NOT_GRADED, Verdict.INTERNAL_ERROR], Status.NOT_GRADED),
            ([], Status.NOT_GRADED),
        ],
    )
    def test_of_results(self, small_catalog: Catalog, verdicts: list[Verdict], status: Status) -> None:
        """Passed, partial, failed, or not graded where nothing counts."""
        assert exercise_report(small_catalog, verdicts).status is status

    def test_stub_is_not_started(self, small_catalog: Catalog) -> None:
        """The stub earns nothing and has its own word."""
        stub = Submission("here", {"first.py": b""}, is_stub=True)
        report = exercise_report(small_catalog, [Verdict.FAILED], stub)
        assert (report.status, report.score) == (Status.NOT_STARTED, 0.0)

    def test_unusable_submission_is_invalid(self, small_catalog: Catalog) -> None:
        """The problem is the message."""
        report = exercise_report(small_catalog, [], Submission("here", {}, problem="there is no first.py"))
        assert (report.status, report.score, report.message) == (Status.INVALID, 0.0, "there is no first.py")

    def test_what_was_left_out_is_told(self, small_catalog: Catalog) -> None:
        """The report says how many points could not be graded, and why."""
        report = exercise_report(small_catalog, [Verdict.PASSED, Verdict.NOT_GRADED, Verdict.NOT_GRADED])
        assert report.message == "2 checks worth 50 points could not be graded here: because of 2; because of 3"


class TestReport:
    """The whole."""

    def make(self, *exercises: ExerciseReport) -> Report:
        return score_report(exercises, kit="0", seed=1, isolation=Isolation(Level.BARE), started="now")

    def test_mean_of_what_was_graded(self, small_catalog: Catalog) -> None:
        """An exercise that could not be graded does not lower the mean; one that was not started does."""
        passed = exercise_report(small_catalog, [Verdict.PASSED])
        not_graded = exercise_report(small_catalog, [Verdict.NOT_GRADED])
        not_started = exercise_report(small_catalog, [], Submission("here", {}, is_stub=True))
        assert self.make(passed, not_graded).score == 100.0
        assert self.make(passed, not_started, not_graded).score == 50.0
        assert self.make(not_graded).score == 0.0
        assert self.make(passed, not_started).track_scores() == {"week1": 50.0}
        assert mean_score([]) == 0.0

    def test_grader_at_fault(self, small_catalog: Catalog) -> None:
        """One internal error is enough."""
        good = exercise_report(small_catalog, [Verdict.FAILED, Verdict.NOT_GRADED])
        bad = exercise_report(small_catalog, [Verdict.PASSED, Verdict.INTERNAL_ERROR])
        assert not is_grader_at_fault(*self.make(good).exercises)
        assert is_grader_at_fault(*self.make(good, bad).exercises)
