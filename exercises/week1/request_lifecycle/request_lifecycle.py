"""A money-transfer API whose requests each get an id, a time and one unit of work. The contract is in README.md.

    POST /transfers  {to, cents}  -> 201 {balance}
    GET  /balance                 -> 200 {account, balance}
    GET  /health                  -> 200 {status}

Each request has one unit of work: committed or rolled back, and closed, before the answer is sent.
"""

import time
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from fastapi import FastAPI, Request


class Unit(Protocol):
    """A unit of work of the store: what it has done is kept by ``commit`` and undone by ``rollback``."""

    async def account_of(self, token: str) -> str | None: ...
    async def balance(self, account: str) -> int: ...
    async def add(self, account: str, cents: int) -> int: ...
    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...
    async def close(self) -> None: ...


class Store(Protocol):
    """Where units of work begin. ``request_id`` ends up in the store's own logs."""

    def begin(self, request_id: str) -> Unit: ...


async def unit_of_work(request: Request) -> AsyncIterator[Unit]:
    """Dependency: the request's one unit of work.

    It is committed if the request succeeds, rolled back if it does not, and closed, all before the answer is sent.
    """
    raise NotImplementedError
    yield


async def current_account() -> str:
    """Dependency: the account that the bearer token belongs to, looked up in the request's unit of work.

    Declare what it needs as parameters. Answers 401 if there is no such account.
    """
    raise NotImplementedError


def create_app(store: Store, *, clock: Callable[[], float] = time.perf_counter) -> FastAPI:
    """The service, ready for uvicorn. ``clock`` gives seconds; only differences of its times mean something."""
    raise NotImplementedError
