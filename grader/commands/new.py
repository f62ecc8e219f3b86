"""`new`: the skeleton of an exercise."""

from __future__ import annotations

import argparse

from grader.catalog import layout
from grader.commands.exit_status import OK


def add_options(parser: argparse.ArgumentParser) -> None:
    """The name of the exercise to be."""
    parser.add_argument("name", metavar="TRACK/NAME")


def run(arguments: argparse.Namespace) -> int:
    """Write a skeleton and say how to go on."""
    from grader.new import create

    root = arguments.kit or layout.default_root()
    for path in create(root, arguments.name):
        print(path)
    print(f"\nFill them in from the statement on, then: python -m grader verify {arguments.name}")
    return OK
