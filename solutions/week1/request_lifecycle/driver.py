"""A store that writes down what is asked of it, and what only shows inside the process. Judges nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import request_lifecycle


class Ledger:
    """Accounts in memory. The token of account "ada" is "t-ada".

    ``gate``: nobody's ``account_of`` returns before that many wait in it. ``clock`` is what ``cost`` advances.
    """

    def __init__(self, balances: dict[str, int], *, gate: int = 0, clock: Any = None) -> None:
        self.balances = dict(balances)
        #: (number of the unit, its request id, operation, argument)
        self.events: list[tuple[int, str, str, str]] = []
        self.begun = 0
        self._gate, self._waiting, self._open = gate, 0, asyncio.Event()
        self._clock = clock
        self._costs: dict[str, float] = {}
        self._failures: dict[str, str] = {}

    def cost(self, operation: str, seconds: float) -> None:
        """From now on ``operation`` takes ``seconds`` on the clock."""
        self._costs[operation] = seconds

    def fail(self, operation: str, message: str) -> None:
        """From now on ``operation`` raises RuntimeError, or works again without a message."""
        self._failures[operation] = message

    def begin(self, request_id: str) -> Work:
        self.begun += 1
        work = Work(self, self.begun, request_id)
        self.happens(work, "begin")
        return work

    def happens(self, work: Work, operation: str, argument: str = "") -> None:
        self.events.append((work.number, work.request_id, operation, argument))
        if self._clock is not None:
            self._clock.advance(self._costs.get(operation, 0.0))
        if self._failures.get(operation):
            raise RuntimeError(self._failures[operation])
        if work.closed:
            raise RuntimeError("the unit of work is closed")

    async def pass_gate(self) -> None:
        self._waiting += 1
        if self._waiting >= self._gate:
            self._open.set()
        await self._open.wait()


class Work:
    """One unit of work of a ledger: others see its changes once it is committed."""

    def __init__(self, ledger: Ledger, number: int, request_id: str) -> None:
        self.number = number
        self.request_id = request_id
        self.closed = False
        self._ledger = ledger
        self._changes: dict[str, int] = {}

    async def account_of(self, token: str) -> str | None:
        self._ledger.happens(self, "account_of", token)
        await self._ledger.pass_gate()
        account = token.removeprefix("t-")
        return account if token.startswith("t-") and account in self._ledger.balances else None

    async def balance(self, account: str) -> int:
        self._ledger.happens(self, "balance", account)
        await asyncio.sleep(0)
        return self._ledger.balances[account] + self._changes.get(account, 0)

    async def add(self, account: str, cents: int) -> int:
        self._ledger.happens(self, "add", account)
        await asyncio.sleep(0)
        before = self._ledger.balances[account] + self._changes.get(account, 0)
        self._changes[account] = self._changes.get(account, 0) + cents
        return before + cents

    async def commit(self) -> None:
        self._ledger.happens(self, "commit")
        for account, cents in self._changes.items():
            self._ledger.balances[account] += cents
        self._changes.clear()

    async def rollback(self) -> None:
        self._ledger.happens(self, "rollback")
        self._changes.clear()

    async def close(self) -> None:
        self._ledger.happens(self, "close")
        self.closed = True


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.seen.append((record.levelno, record.getMessage(), "" if error is None else type(error).__name__))


_records = _Records()


def watch_logs() -> None:
    """From now on, write down what is logged."""
    logging.getLogger().addHandler(_records)


def logged() -> list[tuple[int, str, str]]:
    """What was logged: level, message, and the type of the exception that came with it."""
    return _records.seen


def override(app: Any, name: str, replacement: Callable[[], Any]) -> None:
    """Has the dependency of that name replaced."""
    app.dependency_overrides[getattr(request_lifecycle, name)] = replacement


def replace_unit(app: Any, store: Ledger, request_id: str) -> None:
    """Has the unit of work replaced by one of another store, as a test would."""
    override(app, "unit_of_work", lambda: store.begin(request_id))


def replace_account(app: Any, account: str) -> None:
    """Has the current account replaced."""
    override(app, "current_account", lambda: account)


async def ask(app: Any, method: str, path: str, json: Any = None) -> tuple[int, Any]:
    """One request without a token to an app that no server serves: status and JSON of the answer."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://onspot.test") as client:
        reply = await client.request(method, path, json=json)
        return reply.status_code, reply.json()
