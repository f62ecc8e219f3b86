"""Brute-force guard: hashed passwords, and a login that gets slower, locks and tells. The contract is in README.md."""

import time
from collections.abc import Callable, Mapping

from fastapi import FastAPI

LOCK_AT = 8  # failures
LOCK_S = 900.0  # how long a lock lasts, and how long failures are remembered
TOKEN_S = 600.0  # how long an unlock token is good
STUFFING_NAMES = 10  # different names that fail from one address before somebody is told


def hash_password(password: str, *, log2_n: int = 14) -> str:
    """What to store of a password: "scrypt$<log2_n>$<salt>$<key>", with a new salt each time."""
    raise NotImplementedError


def verify_password(password: str, stored: str) -> bool:
    """Whether ``stored`` was made of this password. Keys are compared in constant time."""
    raise NotImplementedError


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
    raise NotImplementedError
