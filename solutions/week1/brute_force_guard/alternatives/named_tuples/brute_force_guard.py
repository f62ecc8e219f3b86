"""Brute-force guard: hashed passwords, and a login that gets slower, locks and tells. The contract is in README.md."""

import asyncio
import hashlib
import hmac
import json
import math
import secrets
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

LOCK_AT = 8  # failures
LOCK_S = 900.0  # how long a lock lasts, and how long failures are remembered
TOKEN_S = 600.0  # how long an unlock token is good
STUFFING_NAMES = 10  # different names that fail from one address before somebody is told
STUFFING_S = 900.0  # how long a name that failed counts for its address
FREE_FAILURES = 2  # failures without a delay

SALT_BYTES = 16
KEY_BYTES = 32
MAX_CHARS = 200


def _key(password: str, salt: bytes, log2_n: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8"), salt=salt, n=1 << log2_n, r=8, p=1, maxmem=64 * 1024 * 1024, dklen=KEY_BYTES
    )


def _stored(log2_n: int, salt: bytes, key: bytes) -> str:
    return f"scrypt${log2_n}${salt.hex()}${key.hex()}"


def hash_password(password: str, *, log2_n: int = 14) -> str:
    """What to store of a password: "scrypt$<log2_n>$<salt>$<key>", with a new salt each time."""
    salt = secrets.token_bytes(SALT_BYTES)
    return _stored(log2_n, salt, _key(password, salt, log2_n))


def verify_password(password: str, stored: str) -> bool:
    """Whether ``stored`` was made of this password. Keys are compared in constant time."""
    _, log2_n, salt, key = stored.split("$")
    return hmac.compare_digest(_key(password, bytes.fromhex(salt), int(log2_n)), bytes.fromhex(key))


class _Failures(NamedTuple):
    count: int
    latest: float

    def admits_from(self) -> float:
        """When the next attempt is admitted."""
        if self.count >= LOCK_AT:
            return self.latest + LOCK_S
        if self.count <= FREE_FAILURES:
            return self.latest
        return self.latest + 2.0 ** (self.count - FREE_FAILURES - 1)


class _Guard:
    """Failures of names, unlock tokens, and names that failed for each address.

    Nothing in here awaits: on one event loop each method is atomic. Every dict is in the order of its times,
    so that what is too old is at its front, and goes.
    """

    def __init__(self) -> None:
        self._failures: dict[str, _Failures] = {}
        self._tokens: dict[str, tuple[str, float]] = {}  # the name, and when it was sent
        self._refused: dict[str, dict[str, float]] = {}  # for each address the latest 401 of each name

    def admit(self, name: str, now: float) -> tuple[int, float]:
        """Which failure of the name this is, counted from now on; or 0, and how many seconds to wait."""
        self._expire_failures(now)
        failures = self._failures.get(name)
        if failures is not None and now < failures.admits_from():
            return 0, failures.admits_from() - now
        count = 1 if failures is None else failures.count + 1
        self.forget(name)  # to the end of the dict
        self._failures[name] = _Failures(count, now)
        return count, 0.0

    def forget(self, name: str) -> None:
        self._failures.pop(name, None)

    def _expire_failures(self, now: float) -> None:
        while self._failures:
            name, failures = next(iter(self._failures.items()))
            if now < failures.latest + LOCK_S:
                return
            del self._failures[name]

    def new_token(self, name: str, now: float) -> str:
        self._expire_tokens(now)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (name, now)
        return token

    def unlock(self, token: str, now: float) -> bool:
        self._expire_tokens(now)
        sent = self._tokens.pop(token, None)
        if sent is None:
            return False
        self.forget(sent[0])
        return True

    def _expire_tokens(self, now: float) -> None:
        while self._tokens:
            token, (_, sent) = next(iter(self._tokens.items()))
            if now < sent + TOKEN_S:
                return
            del self._tokens[token]

    def refused(self, address: str, name: str, now: float) -> bool:
        """A 401. Whether it is time for an alarm."""
        self._expire_addresses(now)
        names = self._refused.pop(address, {})
        names.pop(name, None)
        names[name] = now
        for old in [other for other, then in names.items() if then + STUFFING_S <= now]:
            del names[old]
        if len(names) >= STUFFING_NAMES:
            return True
        self._refused[address] = names
        return False

    def _expire_addresses(self, now: float) -> None:
        while self._refused:
            address, names = next(iter(self._refused.items()))
            if now < next(reversed(names.values())) + STUFFING_S:
                return
            del self._refused[address]


def _fields(body: bytes, *wanted: str) -> list[str]:
    """The fields of the body, in this order. ValueError: it is not as it must be."""
    try:
        data = json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(data, dict):
        raise ValueError("no object")
    found = []
    for field in wanted:
        value = data.get(field)
        if not isinstance(value, str) or not 1 <= len(value) <= MAX_CHARS:
            raise ValueError(f"{field} must be a string of 1 to {MAX_CHARS} characters")
        value.encode("utf-8")  # a lone surrogate is no character: UnicodeEncodeError is a ValueError
        found.append(value)
    return found


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _invalid() -> Response:
    return _error(422, "invalid_request", "the body is not as it must be")


def _address(request: Request) -> str:
    return ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()


def create_app(
    users: Mapping[str, str],
    *,
    send_token: Callable[[str, str], object],
    alert: Callable[[str], object],
    clock: Callable[[], float] = time.monotonic,
    log2_n: int = 14,
) -> FastAPI:
    """The service, ready for uvicorn.

    ``users`` maps names to stored hashes, all made with ``log2_n``. ``send_token(username, token)`` puts an
    unlock token into the user's mail, ``alert(address)`` reports an address that tries many names.
    """
    app = FastAPI(title="Brute-force guard")
    guard = _Guard()
    # Names that do not exist are verified against this: the same work, and no password fits.
    nobody = _stored(log2_n, secrets.token_bytes(SALT_BYTES), secrets.token_bytes(KEY_BYTES))

    @app.post("/login")
    async def login(request: Request) -> Response:
        try:
            name, password = _fields(await request.body(), "username", "password")
        except ValueError:
            return _invalid()
        failure, wait = guard.admit(name, clock())
        if not failure:
            headers = {"Retry-After": str(math.ceil(wait))}
            return _error(429, "slow_down", "too many failures, try again later", headers)
        right = await asyncio.to_thread(verify_password, password, users.get(name, nobody))
        if right and name in users:
            guard.forget(name)
            return JSONResponse({"status": "ok"})
        now = clock()
        if failure == LOCK_AT and name in users:
            send_token(name, guard.new_token(name, now))
        address = _address(request)
        if guard.refused(address, name, now):
            alert(address)
        return _error(401, "invalid_credentials", "wrong username or password")

    @app.post("/unlock")
    async def unlock(request: Request) -> Response:
        try:
            [token] = _fields(await request.body(), "token")
        except ValueError:
            return _invalid()
        if guard.unlock(token, clock()):
            return JSONResponse({"status": "unlocked"})
        return _error(400, "invalid_token", "the token is unknown, used or too old")

    return app
