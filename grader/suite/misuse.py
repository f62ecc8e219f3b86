"""The error for a suite that asks for what a check cannot have."""

from __future__ import annotations


class MisuseError(Exception):
    """A suite used the grader in a way that cannot work: its author's fault, never the learner's."""
