"""Login throttle: the attempts are rows of a table in memory, and a limit is a question to it. Runs in threads."""

import asyncio
import ipaddress
import json
import math
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

SCHEMA = """
    CREATE TABLE attempts (who TEXT NOT NULL, at REAL NOT NULL);
    CREATE INDEX by_who ON attempts (who, at);
    CREATE INDEX by_time ON attempts (at);
"""
LATEST = "SELECT at FROM attempts WHERE who = ? ORDER BY at DESC LIMIT 1 OFFSET ?"


class Attempts:
    """What was admitted, by whom ("a" and an account, "n" and a network)."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._lock = threading.Lock()
        self._table = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._table.executescript(SCHEMA)

    def admit(self, limits: dict[str, int], now: float) -> float:
        """Enter an attempt for everybody in ``limits``; or the seconds until it would be admitted."""
        with self._lock:
            self._table.execute("DELETE FROM attempts WHERE at <= ?", (now - self._window_s,))
            waits = [0.0]
            for who, limit in limits.items():
                row = self._table.execute(LATEST, (who, limit - 1)).fetchone()
                if row:
                    waits.append(row[0] + self._window_s - now)
            if max(waits) == 0:
                self._table.executemany("INSERT INTO attempts VALUES (?, ?)", [(who, now) for who in limits])
            return max(waits)

    def forget(self, who: str) -> None:
        with self._lock:
            self._table.execute("DELETE FROM attempts WHERE who = ?", (who,))


async def pair(request: Request) -> tuple[str, str]:
    """The name and the password in a request's body."""
    try:
        body = json.loads(await request.body())
        name, password = body["username"], body["password"]
    except (ValueError, TypeError, KeyError):
        raise refusal(422, "invalid_request") from None
    if not all(isinstance(text, str) and 1 <= len(text) <= 200 for text in (name, password)):
        raise refusal(422, "invalid_request")
    return name, password


def network(forwarded: str) -> str:
    address = ipaddress.ip_address(forwarded.split(",")[-1].strip())
    if isinstance(address, ipaddress.IPv6Address):
        return f"{int(address) >> 64:x}::"
    return str(address)


def refusal(status: int, code: str, **headers: str) -> HTTPException:
    body = {"error": {"code": code, "message": code.replace("_", " ")}}
    return HTTPException(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def create_app(
    users: Any,
    clock: Callable[[], float] = time.monotonic,
    *,
    per_account: int = 5,
    per_address: int = 20,
    window_s: float = 300.0,
) -> FastAPI:
    app = FastAPI()
    attempts = Attempts(window_s)

    @app.exception_handler(HTTPException)
    def _refused(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(error.detail, error.status_code, error.headers)

    @app.post("/login")
    def _login(request: Request, given: tuple[str, str] = Depends(pair)) -> dict[str, str]:
        account = "a" + given[0].strip().casefold()
        limits = {account: per_account, "n" + network(request.headers["x-forwarded-for"]): per_address}
        wait_s = attempts.admit(limits, clock())
        if wait_s:
            raise refusal(429, "too_many_attempts", Retry_After=str(math.ceil(wait_s)))
        try:
            right = asyncio.run(users.verify(*given))
        except Exception:  # noqa: BLE001
            raise refusal(503, "unavailable") from None
        if not right:
            raise refusal(401, "invalid_credentials")
        attempts.forget(account)
        return {"status": "ok"}

    return app
