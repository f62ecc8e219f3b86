"""A money-transfer API whose requests each get an id, a time and one unit of work. The contract is in README.md.

    POST /transfers  {to, cents}  -> 201 {balance}
    GET  /balance                 -> 200 {account, balance}
    GET  /health                  -> 200 {status}

Each request has one unit of work: committed or rolled back, and closed, before the answer is sent.
"""

import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
router = APIRouter()

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


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


class RequestContext:
    """Outermost middleware: an id and a time for every answer, and an answer for every unexpected error."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()
        asked = Headers(scope=scope).get("X-Request-ID", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Process-Time"] = f"{self._clock() - started:.6f}"
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception:
            log.exception("request %s failed", request_id)
            await JSONResponse({"detail": "internal server error"}, 500)(scope, receive, send_marked)


async def unit_of_work(request: Request) -> AsyncIterator[Unit]:
    """Dependency: the request's one unit of work.

    It is committed if the request succeeds, rolled back if it does not, and closed, all before the answer is sent.
    """
    unit = request.app.state.store.begin(request.state.request_id)
    try:
        try:
            yield unit
            await unit.commit()
        except BaseException:
            await unit.rollback()
    finally:
        await unit.close()


# FastAPI ends a dependency after the answer was sent, unless its scope is the function: too late to refuse.
UnitOfWork = Annotated[Any, Depends(unit_of_work, scope="function")]


async def current_account(unit: UnitOfWork, authorization: Annotated[str, Header()] = "") -> str:
    """Dependency: the account that the bearer token belongs to, looked up in the request's unit of work."""
    scheme, _, token = authorization.partition(" ")
    account: str | None = await unit.account_of(token) if scheme.lower() == "bearer" else None
    if account is None:
        raise HTTPException(401, "a valid bearer token is needed", {"WWW-Authenticate": "Bearer"})
    return account


CurrentAccount = Annotated[str, Depends(current_account)]


class Transfer(BaseModel):
    """The body of POST /transfers."""

    to: str
    cents: int = Field(ge=1)


@router.post("/transfers", status_code=201)
async def transfer(asked: Transfer, account: CurrentAccount, unit: UnitOfWork) -> dict[str, int]:
    balance = await unit.add(account, -asked.cents)
    if balance < 0:
        raise HTTPException(409, "the balance is too small")
    try:
        await unit.add(asked.to, asked.cents)
    except LookupError:
        raise HTTPException(404, "there is no such account") from None
    return {"balance": balance}


@router.get("/balance")
async def balance(account: CurrentAccount, unit: UnitOfWork) -> dict[str, Any]:
    return {"account": account, "balance": await unit.balance(account)}


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


def create_app(store: Store, *, clock: Callable[[], float] = time.perf_counter) -> FastAPI:
    """The service, ready for uvicorn. ``clock`` gives seconds; only differences of its times mean something."""
    app = FastAPI(title="Transfers")
    app.state.store = store
    app.add_middleware(RequestContext, clock=clock)
    app.include_router(router)
    return app
