"""Login throttle: POST /login, limited for each account and for each address. The contract is in README.md."""

import time
from collections.abc import Callable
from typing import Protocol

from fastapi import FastAPI


class Users(Protocol):
    """Who may log in (given: the checks and the examples bring their own)."""

    async def verify(self, username: str, password: str) -> bool:
        """Whether there is such a user with this password. It hashes elsewhere, and takes its time."""
        ...


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
    raise NotImplementedError
