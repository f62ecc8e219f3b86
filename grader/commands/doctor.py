"""`doctor`: what this machine can do."""

from __future__ import annotations

import argparse

from grader.commands.exit_status import OK


def add_options(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Tell what this machine can do, what is missing, and what gets it."""
    from grader.doctor import examine

    for subject, finding in examine(arguments.kit):
        print(f"{subject:10} {finding}", flush=True)
    return OK
