"""Login throttle: POST /login, limited for each account and for each address. The contract is in README.md."""

import ipaddress
import json
import math
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

MAX_CHARS = 200


class Users(Protocol):
    """Who may log in (given: the checks and the examples bring their own)."""

    async def verify(self, username: str, password: str) -> bool:
        """Whether there is such a user with this password. It hashes elsewhere, and takes its time."""
        ...


class _SlidingLog:
    """For each key the ends of its admitted attempts that still count, oldest first. Keys without any are not kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ends: dict[Hashable, deque[float]] = {}

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until an attempt for this key is admitted; 0: now. Call after expire()."""
        ends = self._ends.get(key)
        if ends is None or len(ends) < self._limit:
            return 0.0
        return ends[len(ends) - self._limit] - now

    def count(self, key: Hashable, end: float) -> None:
        self._ends.setdefault(key, deque()).append(end)

    def expire(self, key: Hashable, now: float) -> None:
        ends = self._ends.get(key)
        if ends is None:
            return
        while ends and ends[0] <= now:
            ends.popleft()
        if not ends:
            del self._ends[key]

    def forget(self, key: Hashable) -> None:
        self._ends.pop(key, None)


class _Throttle:
    """Both limits. Nothing in here awaits, so on one event loop each method is atomic."""

    def __init__(self, per_account: int, per_address: int, window_s: float) -> None:
        self._window_s = window_s
        self._accounts = _SlidingLog(per_account)
        self._addresses = _SlidingLog(per_address)
        self._admitted: deque[tuple[float, Hashable, Hashable]] = deque()  # by end, oldest first

    def admit(self, account: Hashable, address: Hashable, now: float) -> float:
        """0: admitted, and counted. Otherwise refused: the seconds to wait."""
        self._expire(now)
        wait = max(self._accounts.wait(account, now), self._addresses.wait(address, now))
        if wait > 0:
            return wait
        end = now + self._window_s
        self._accounts.count(account, end)
        self._addresses.count(address, end)
        self._admitted.append((end, account, address))
        return 0.0

    def succeeded(self, account: Hashable) -> None:
        self._accounts.forget(account)

    def _expire(self, now: float) -> None:
        while self._admitted and self._admitted[0][0] <= now:
            _, account, address = self._admitted.popleft()
            self._accounts.expire(account, now)
            self._addresses.expire(address, now)


def _account(username: str) -> str:
    return username.strip().casefold()


def _address(request: Request) -> Hashable:
    """Who sends this, by what the gateway appended: an IPv4 address, or the /64 network of an IPv6 address."""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    last = forwarded.rpartition(",")[2].strip()
    try:
        ip = ipaddress.ip_address(last)
    except ValueError:  # the gateway does not do that; better one common limit than none
        return None
    if ip.version == 6:
        return 6, int(ip) >> 64
    return 4, int(ip)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_CHARS:
        raise ValueError("no string of 1 to 200 characters")
    value.encode()  # a lone surrogate is no character: UnicodeEncodeError is a ValueError
    return value


def _credentials(body: bytes) -> tuple[str, str]:
    """Name and password as sent. ValueError: the body is not as it must be."""
    try:
        data = json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(data, dict):
        raise ValueError("no object")
    return _text(data.get("username")), _text(data.get("password"))


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def create_app(
    users: Users,
    clock: Callable[[], float] = time.monotonic,
    *,
    per_account: int = 5,
    per_address: int = 20,
    window_s: float = 300.0,
) -> FastAPI:
    """The service, ready for uvicorn.

    In any ``window_s`` seconds of ``clock`` an account takes ``per_account`` attempts at most, and an
    address makes ``per_address`` at most. A success forgets the account's attempts, never the address's.
    """
    app = FastAPI(title="Login throttle")
    throttle = _Throttle(per_account, per_address, window_s)

    @app.post("/login")
    async def login(request: Request) -> Response:
        try:
            username, password = _credentials(await request.body())
        except ValueError:
            return _error(422, "invalid_request", "username and password must be strings of 1 to 200 characters")
        account = _account(username)
        wait = throttle.admit(account, _address(request), clock())
        if wait > 0:
            headers = {"Retry-After": str(math.ceil(wait))}
            return _error(429, "too_many_attempts", "too many attempts, try again later", headers)
        try:
            verified = await users.verify(username, password)
        except Exception:  # noqa: BLE001 - an outage, whatever its kind
            return _error(503, "unavailable", "logins cannot be verified at the moment")
        if not verified:
            return _error(401, "invalid_credentials", "wrong username or password")
        throttle.succeeded(account)
        return JSONResponse({"status": "ok"})

    return app
