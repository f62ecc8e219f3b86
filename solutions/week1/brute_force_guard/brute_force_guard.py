"""Brute-force guard: a costly hash, a delay that doubles, a lock that ends, and the same answer for everybody.

Whether a name exists decides nothing but whose hash is computed and who gets a mail. All state is touched by
the event loop's thread alone, and never across an ``await``; only the hashing is done elsewhere.
"""

import asyncio
import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Annotated, NamedTuple

from fastapi import FastAPI, Header
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

LOCK_AT = 8  # failures
LOCK_S = 900.0  # how long a lock lasts, and how long failures are remembered
TOKEN_S = 600.0  # how long an unlock token is good
STUFFING_NAMES = 10  # different names that fail from one address before somebody is told

FREE_FAILURES = 2  # that cost no delay
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Credentials(BaseModel):
    """The body of a login."""

    username: Text
    password: Text


class Unlock(BaseModel):
    """The body of an unlock."""

    token: Text


def hash_password(password: str, *, log2_n: int = 14) -> str:
    """What to store of a password."""
    salt = secrets.token_bytes(16)
    return f"scrypt${log2_n}${salt.hex()}${_key(password, salt, log2_n).hex()}"


def verify_password(password: str, stored: str) -> bool:
    """Whether ``stored`` was made of this password."""
    _, log2_n, salt, key = stored.split("$")
    return hmac.compare_digest(_key(password, bytes.fromhex(salt), int(log2_n)), bytes.fromhex(key))


def _key(password: str, salt: bytes, log2_n: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << log2_n, r=8, p=1, dklen=32)


class Failures(NamedTuple):
    """The failures of a name, the latest of them at ``at``."""

    count: int
    at: float

    def wait_s(self, now: float) -> float:
        """Seconds until the next attempt is admitted; 0.0 when it is."""
        if self.count <= FREE_FAILURES:
            return 0.0
        delay_s = LOCK_S if self.count >= LOCK_AT else 2.0 ** (self.count - FREE_FAILURES - 1)
        return max(0.0, self.at + delay_s - now)


class Names:
    """The failures of each name, and the tokens that forgive them."""

    def __init__(self) -> None:
        self._failures: dict[str, Failures] = {}
        self._tokens: dict[str, tuple[str, float]] = {}  # the name and when it was made

    def wait_s(self, name: str, now: float) -> float:
        """Seconds until an attempt for the name is admitted; 0.0 when it is."""
        return self._recent(name, now).wait_s(now)

    def fail(self, name: str, now: float) -> bool:
        """Count a failure; whether it locks the name."""
        count = self._recent(name, now).count + 1
        self._failures[name] = Failures(count, now)
        return count == LOCK_AT

    def forgive(self, name: str) -> None:
        self._failures.pop(name, None)

    def new_token(self, name: str, now: float) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (name, now)
        return token

    def redeem(self, token: str, now: float) -> bool:
        """Forgive the failures of the token's name, once and in time; whether it was so."""
        name, made_at = self._tokens.pop(token, ("", -math.inf))
        good = now < made_at + TOKEN_S
        if good:
            self.forgive(name)
        return good

    def _recent(self, name: str, now: float) -> Failures:
        failures = self._failures.get(name)
        return failures if failures and now < failures.at + LOCK_S else Failures(0, now)


class Stuffing:
    """The names that failed from each address lately."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, float]] = {}

    def fail(self, address: str, name: str, now: float) -> bool:
        """Note a failure; whether the address has become suspicious by it."""
        recent = {name: at for name, at in self._names.get(address, {}).items() if now < at + LOCK_S}
        self._names[address] = recent | {name: now}
        if len(self._names[address]) < STUFFING_NAMES:
            return False
        del self._names[address]
        return True


def create_app(
    users: Mapping[str, str],
    *,
    send_token: Callable[[str, str], object],
    alert: Callable[[str], object],
    clock: Callable[[], float] = time.monotonic,
    log2_n: int = 14,
) -> FastAPI:
    """The service, ready for uvicorn."""
    app = FastAPI()
    names, stuffing = Names(), Stuffing()
    nobodys_hash = hash_password(secrets.token_hex(), log2_n=log2_n)

    @app.exception_handler(RequestValidationError)
    async def _invalid(*_: object) -> JSONResponse:
        return refusal(422, "invalid_request", "expected a JSON object with strings of 1 to 200 characters")

    @app.post("/login")
    async def _login(credentials: Credentials, x_forwarded_for: Annotated[str, Header()] = "") -> JSONResponse:
        name, now = credentials.username, clock()
        wait_s = names.wait_s(name, now)
        if wait_s:
            return refusal(429, "slow_down", "try again later", {"Retry-After": str(math.ceil(wait_s))})
        locks = names.fail(name, now)  # until the password is found to be right, which takes its time
        stored = users.get(name, nobodys_hash)
        if await asyncio.to_thread(verify_password, credentials.password, stored) and name in users:
            names.forgive(name)
            return JSONResponse({"status": "ok"})
        if locks and name in users:
            send_token(name, names.new_token(name, now))
        address = x_forwarded_for.rpartition(",")[2].strip()
        if stuffing.fail(address, name, now):
            alert(address)
        return refusal(401, "invalid_credentials", "no user has this name and password")

    @app.post("/unlock")
    async def _unlock(unlock: Unlock) -> JSONResponse:
        if not names.redeem(unlock.token, clock()):
            return refusal(400, "invalid_token", "this token is unknown, used or too old")
        return JSONResponse({"status": "unlocked"})

    return app


def refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
