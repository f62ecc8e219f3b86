"""Brute-force guard: plain functions that run in FastAPI's threads, one lock, and tokens kept as digests."""

import hashlib
import math
import os
import secrets
import threading
import time
from base64 import b16encode
from dataclasses import dataclass, field
from hashlib import scrypt
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

Json = Annotated[Any, Body()]
LOCK_AT, LOCK_S, TOKEN_S, STUFFING_NAMES = 8, 900.0, 600.0, 10
DELAYS = (0, 0, 0, 1, 2, 4, 8, 16, LOCK_S)


def hash_password(password, *, log2_n=14):
    return _hash(password, b16encode(os.urandom(16)).decode().lower(), log2_n)


def verify_password(password, stored):
    _, log2_n, salt, _ = stored.split("$")
    return compare_digest(_hash(password, salt, int(log2_n)), stored)


def _hash(password, salt, log2_n):
    key = scrypt(password.encode("utf-8"), salt=bytes.fromhex(salt), n=2**log2_n, r=8, p=1, dklen=32)
    return f"scrypt${log2_n}${salt}${key.hex()}"


@dataclass
class Account:
    failures: int = 0
    failed_at: float = -math.inf
    token: bytes = b""


@dataclass
class Guard:
    """What is remembered. Its methods are called with the lock held."""

    accounts: dict = field(default_factory=dict)
    sources: dict = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, name, now):
        """Count an attempt as a failure; or the seconds to wait."""
        account = self.accounts.setdefault(name, Account())
        if now >= account.failed_at + LOCK_S:
            account.failures = 0
        wait = account.failed_at + DELAYS[account.failures] - now if account.failures else 0
        if wait <= 0:
            account.failures += 1
            account.failed_at = now
        return max(0, wait)

    def token(self, name):
        token = secrets.token_hex(16)
        self.accounts[name].token = hashlib.sha256(token.encode()).digest()
        return token

    def unlock(self, token, now):
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        for account in self.accounts.values():
            if account.token and compare_digest(account.token, digest):
                account.token = b""
                if now < account.failed_at + TOKEN_S:
                    account.failures = 0
                    return True
        return False

    def is_stuffing(self, address, name, now):
        times = self.sources.setdefault(address, {})
        times[name] = now
        for old in [other for other, at in times.items() if at + LOCK_S <= now]:
            del times[old]
        if len(times) == STUFFING_NAMES:
            times.clear()
            return True
        return False


def text(body, *keys):
    """The values of the keys in a request's body, which have to be strings of 1 to 200 characters."""
    values = [body.get(key) for key in keys] if isinstance(body, dict) else [None]
    if not all(isinstance(value, str) and 0 < len(value) < 201 for value in values):
        raise HTTPException(422, "invalid_request")
    return values


def create_app(users, *, send_token, alert, clock=time.monotonic, log2_n=14):
    app = FastAPI()
    guard = Guard()
    decoy = hash_password(secrets.token_urlsafe(), log2_n=log2_n)

    @app.exception_handler(HTTPException)
    def _refused(_, error):
        return JSONResponse(
            {"error": {"code": error.detail, "message": error.detail}}, error.status_code, error.headers
        )

    @app.exception_handler(RequestValidationError)
    def _invalid(request, _):
        return _refused(request, HTTPException(422, "invalid_request"))

    @app.post("/login")
    def _login(request: Request, body: Json):
        name, password = text(body, "username", "password")
        now = clock()
        with guard.lock:
            wait = guard.admit(name, now)
        if wait:
            raise HTTPException(429, "slow_down", {"Retry-After": str(math.ceil(wait))})
        right = verify_password(password, users.get(name, decoy))
        with guard.lock:
            if right and name in users:
                guard.accounts[name].failures = 0
                return {"status": "ok"}
            token = guard.token(name) if guard.accounts[name].failures == LOCK_AT and name in users else ""
            address = request.headers["x-forwarded-for"].split(",")[-1].strip()
            stuffing = guard.is_stuffing(address, name, now)
        if token:
            send_token(name, token)
        if stuffing:
            alert(address)
        raise HTTPException(401, "invalid_credentials")

    @app.post("/unlock")
    def _unlock(body: Json):
        (token,) = text(body, "token")
        with guard.lock:
            good = guard.unlock(token, clock())
        if not good:
            raise HTTPException(400, "invalid_token")
        return {"status": "unlocked"}

    return app
