"""Markdown of the kit on a terminal: drawn where it can be, else as it is written."""

from __future__ import annotations

import sys

from grader.commands.look import Look

_WIDEST = 100


def print_markdown(text: str, seen: Look) -> None:
    """Print a statement or a hint. Where there is no terminal, or only a plain one, it stays as it is written."""
    if seen.ascii_only or not sys.stdout.isatty():
        print(text.rstrip())
        return

    from rich.console import Console
    from rich.markdown import Markdown

    Console(width=min(_WIDEST, seen.width), no_color=not seen.coloured).print(Markdown(text))
