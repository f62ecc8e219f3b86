"""How a command's output looks: what the terminal can show, and what the learner wants."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from typing import TextIO

_WIDEST = 110
_NARROWEST = 20
_UNKNOWN = (100, 24)  # columns and lines where there is no terminal


@dataclass(frozen=True, slots=True)
class Look:
    """How wide, with colours or without, in ASCII or with symbols."""

    width: int
    coloured: bool
    ascii_only: bool


def add_plain(parser: argparse.ArgumentParser) -> None:
    """The option of every command that draws."""
    parser.add_argument("--plain", action="store_true", help="no colour, no drawing, no symbols")


def look(arguments: argparse.Namespace, stream: TextIO | None = None) -> Look:
    """Colours for terminals that want them (https://no-color.org), symbols for those that can encode them."""
    stream = stream or sys.stdout
    columns = shutil.get_terminal_size(_UNKNOWN).columns
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(
        width=max(_NARROWEST, min(_WIDEST, columns)),
        coloured=wanted and not arguments.plain and stream.isatty(),
        ascii_only=arguments.plain or not _can_encode_symbols(stream),
    )


def _can_encode_symbols(stream: TextIO) -> bool:
    try:
        "\u2713\u2502\u2501".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
