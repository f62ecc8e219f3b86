"""What packages import only when they are used, so that a zygote imports it once and no cell for itself.

A web cell would otherwise import some eighty modules, which costs more than all else in a small check. Names that an
installed version does not have are passed over.
"""

from __future__ import annotations

#: What httpx imports when a client is made or first used.
CLIENTS = ("httpcore", "anyio._backends._asyncio", "anyio.streams.tls", "certifi")
_COMPANIONS = {
    "fastapi": ("fastapi.telemetry._runtime", "pydantic.v1", "pydantic.v1.schema", "anyio._backends._asyncio"),
    "uvicorn": (
        "grader.cell.inside.virtual_time",
        "grader.cell.inside.web",
        "uvicorn.lifespan.on",
        "uvicorn.loops.asyncio",
        "uvicorn.protocols.http.h11_impl",
        "uvicorn.protocols.websockets.auto",
        "websockets.server",
        "websockets.extensions.permessage_deflate",
    ),
    "httpx": ("grader.cell.inside.virtual_time", *CLIENTS),
    "sqlalchemy": ("encodings.idna", "sqlalchemy.dialects.sqlite.aiosqlite", "sqlite3"),
    "multiprocessing": (
        "grader.cell.inside.virtual_time",
        "concurrent.futures.process",
        "concurrent.futures.thread",
        "multiprocessing.popen_fork",
        "multiprocessing.queues",
        "multiprocessing.synchronize",
    ),
}


def companions(preload: tuple[str, ...]) -> list[str]:
    """What goes with ``preload``."""
    return [name for package in preload for name in _COMPANIONS.get(package, ())]
