"""Code that cannot be imported fails every check for one reason, which is told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from grader.model import CheckResult


def told_once(results: Iterable[CheckResult]) -> Iterator[CheckResult]:
    """The results. Of one with a reason of several lines that an earlier one has, too, the first line is left, and
    neither transcript nor hint.
    """
    told: set[tuple[str, str]] = set()
    for result in results:
        first, _, more = result.message.partition("\n")
        reason = (result.message, result.transcript)
        if more and result.transcript and reason in told:
            check = replace(result.check, hint="")
            yield replace(result, check=check, message=f"{first} (as above)", transcript="")
        else:
            yield result
        told.add(reason)
