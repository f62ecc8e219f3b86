"""The error for a suite that asks for what a check cannot have."""

from __future__ import annotations

from collections.abc import Iterable


class MisuseError(Exception):
    """A suite used the grader in a way that cannot work: its author's fault, never the learner's."""


def first_fault(services: Iterable[object], loop_faults: list[str]) -> str:
    """What a handler of the suite's, or a service itself, raised although it must not; empty if nothing did."""
    for service in services:
        raised = getattr(service, "fault", None)
        if raised is not None:
            return f"the suite's handler of a back end raised {type(raised).__name__}: {raised}"
    return f"a service of the grader failed: {loop_faults[0]}" if loop_faults else ""
