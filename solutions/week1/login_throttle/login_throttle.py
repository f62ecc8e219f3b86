"""Login throttle: two sliding windows, one by account and one by address, in front of a costly check.

An attempt is looked up in both windows and entered into both without an ``await`` in between, so that no
other attempt can come in the middle; only then is the password verified.
"""

import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import FastAPI, Header
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Users(Protocol):
    """Who may log in."""

    async def verify(self, username: str, password: str) -> bool: ...


class Credentials(BaseModel):
    """The body of a login."""

    username: Text
    password: Text


class Window:
    """The latest attempts for each key: at most ``limit`` count in any ``window_s`` seconds."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._times: OrderedDict[str, deque[float]] = OrderedDict()  # the key that was used last is last

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until the key has room for an attempt: 0.0 when it has."""
        times = self._times.get(key, ())
        return max(0.0, times[0] + self._window_s - now) if len(times) == self._limit else 0.0

    def enter(self, key: str, now: float) -> None:
        """Count an attempt. Only for a key that has room: its oldest attempt has left by then."""
        self._times.setdefault(key, deque(maxlen=self._limit)).append(now)
        self._times.move_to_end(key)
        while self._times[oldest := next(iter(self._times))][-1] + self._window_s <= now:
            del self._times[oldest]

    def forget(self, key: str) -> None:
        self._times.pop(key, None)


def create_app(
    users: Users,
    clock: Callable[[], float] = time.monotonic,
    *,
    per_account: int = 5,
    per_address: int = 20,
    window_s: float = 300.0,
) -> FastAPI:
    """The service, ready for uvicorn."""
    app = FastAPI()
    accounts, addresses = Window(per_account, window_s), Window(per_address, window_s)

    @app.exception_handler(RequestValidationError)
    async def _invalid(*_: object) -> JSONResponse:
        return refusal(422, "invalid_request", "expected a JSON object with the strings username and password")

    @app.post("/login")
    async def _login(credentials: Credentials, x_forwarded_for: Annotated[str, Header()] = "") -> JSONResponse:
        account, address, now = account_of(credentials.username), network_of(x_forwarded_for), clock()
        wait_s = max(accounts.wait_s(account, now), addresses.wait_s(address, now))
        if wait_s:
            retry = {"Retry-After": str(math.ceil(wait_s))}
            return refusal(429, "too_many_attempts", "too many attempts: try again later", retry)
        accounts.enter(account, now)
        addresses.enter(address, now)
        try:
            right = await users.verify(credentials.username, credentials.password)
        except Exception:  # noqa: BLE001 - whatever is wrong there, it is not the password
            return refusal(503, "unavailable", "logins are out of order: try again later")
        if not right:
            return refusal(401, "invalid_credentials", "no user has this name and password")
        accounts.forget(account)
        return JSONResponse({"status": "ok"})

    return app


def account_of(username: str) -> str:
    """One name for all spellings that ``Users`` takes for the same user."""
    return username.strip().casefold()


def network_of(forwarded_for: str) -> str:
    """Who is counted: the address that the gateway appended, or for IPv6 its /64, which one client has whole."""
    address = ipaddress.ip_address(forwarded_for.rpartition(",")[2].strip())
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
