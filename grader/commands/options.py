"""What options of several commands have in common."""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
from collections.abc import Callable

from grader.errors import UsageError

#: Where batches and workers meet. From the environment, it and its password are in no list of processes.
BROKER = os.environ.get("ONSPOT_BROKER") or "redis://localhost:6379/0"
BROKER_DEFAULT = "default: $ONSPOT_BROKER, or redis://localhost:6379/0"

TARGETS = "a track, an exercise or a path; default: all"


def add_targets(parser: argparse.ArgumentParser, purpose: str = TARGETS) -> None:
    """Any number of tracks, exercises and paths."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=purpose)


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number of that range."""

    def parse_whole(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{number} is not between {low} and {high}")
        return number

    return parse_whole


def number(low: float, high: float) -> Callable[[str], float]:
    """Reads a number of that range."""

    def parse_number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if math.isnan(value) or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return value

    return parse_number


def require_cluster() -> None:
    """Makes sure that what workers and their batches need is installed.

    Raises:
        UsageError: it is not.
    """
    for module in ("celery", "prometheus_client"):
        if importlib.util.find_spec(module) is None:
            raise UsageError(f"this needs {module}, which is not installed; to install it: pip install '.[cluster]'")
