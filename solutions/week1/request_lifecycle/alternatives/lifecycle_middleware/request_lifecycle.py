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

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
BEARER = re.compile(r"(?i:bearer) (\S+)")
ID_IN_SCOPE = "request_lifecycle.request_id"


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


def _log_unexpected(request_id: str, error: BaseException) -> None:
    logger.error("request %s: unexpected error", request_id, exc_info=error)


def _is_refusal(error: BaseException) -> bool:
    if isinstance(error, StarletteHTTPException):
        return error.status_code < 500
    return isinstance(error, RequestValidationError)


async def unit_of_work(request: Request) -> AsyncIterator[Unit]:
    """Dependency: the request's one unit of work.

    It is committed if the request succeeds, rolled back if it does not, and closed, all before the answer is sent.
    """
    request_id = request.scope[ID_IN_SCOPE]
    unit = request.app.state.store.begin(request_id)
    errors: list[BaseException] = []
    try:
        yield unit
        await unit.commit()
    except BaseException as error:  # noqa: BLE001 - raised again below
        errors.append(error)
        try:
            await unit.rollback()
        except BaseException as another:  # noqa: BLE001
            errors.append(another)
    try:
        await unit.close()
    except BaseException as another:  # noqa: BLE001
        errors.append(another)
    try:
        unexpected = [error for error in errors if not _is_refusal(error)]
        if unexpected:
            # One error can leave; the others are logged here. What is no Exception (a cancellation) goes first.
            leaving = next((error for error in unexpected if not isinstance(error, Exception)), unexpected[0])
            for error in unexpected:
                if error is not leaving:
                    _log_unexpected(request_id, error)
            raise leaving
        if errors:
            raise errors[0]
    finally:
        errors.clear()


# "function": what follows the yield runs when the endpoint has returned, before the answer is sent.
OneUnit = Annotated[Unit, Depends(unit_of_work, scope="function")]


def _bearer_token(request: Request) -> str:
    found = BEARER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise _unauthorized()
    return found[1]


def _unauthorized() -> HTTPException:
    return HTTPException(401, "a valid bearer token is needed", headers={"WWW-Authenticate": "Bearer"})


async def current_account(token: Annotated[str, Depends(_bearer_token)], unit: OneUnit) -> str:
    """Dependency: the account that the bearer token belongs to, looked up in the request's unit of work.

    Declare what it needs as parameters. Answers 401 if there is no such account.
    """
    account = await unit.account_of(token)
    if account is None:
        raise _unauthorized()
    return account


Account = Annotated[str, Depends(current_account)]


class Transfer(BaseModel):
    to: Annotated[str, Field(strict=True)]
    cents: Annotated[int, Field(strict=True, ge=1)]


class Lifecycle:
    """The outermost code: gives each request its id, each answer its id and time, and each accident its 500."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float]) -> None:
        self.app = app
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        arrived = self.clock()
        request_id = self._request_id(scope)
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                ours = {
                    b"x-request-id": request_id.encode("ascii"),
                    b"x-process-time": f"{self.clock() - arrived:.6f}".encode("ascii"),
                }
                others = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in ours]
                message = {**message, "headers": [*others, *ours.items()]}
            await send(message)

        try:
            await self.app({**scope, ID_IN_SCOPE: request_id}, receive, send_marked)
        except Exception as error:
            _log_unexpected(request_id, error)
            if started:
                raise  # too late for another answer: the server has to break the connection
            failed = JSONResponse({"detail": "internal server error"}, 500)
            await failed(scope, receive, send_marked)

    @staticmethod
    def _request_id(scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name.lower() == b"x-request-id":
                wanted = value.decode("latin-1")
                if REQUEST_ID.fullmatch(wanted):
                    return wanted
                break
        return uuid.uuid4().hex


async def _answer_invalid(_request: Request, _error: Exception) -> Response:
    """422 without a word of what was sent, some of which (NaN, lone surrogates) could not be sent back."""
    return JSONResponse({"detail": "the request is not as described"}, 422)


def create_app(store: Store, *, clock: Callable[[], float] = time.perf_counter) -> FastAPI:
    """The service, ready for uvicorn. ``clock`` gives seconds; only differences of its times mean something."""
    app = FastAPI(title="Transfers")
    app.state.store = store
    app.add_middleware(Lifecycle, clock=clock)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(400, _answer_invalid)  # FastAPI's for a body that it fails to parse

    @app.post("/transfers", status_code=201)
    async def transfer(account: Account, unit: OneUnit, wanted: Transfer) -> dict[str, Any]:
        balance = await unit.add(account, -wanted.cents)
        if balance < 0:
            raise HTTPException(409, "not enough money")
        try:
            await unit.add(wanted.to, wanted.cents)
        except LookupError:
            raise HTTPException(404, "there is no such account") from None
        return {"balance": balance}

    @app.get("/balance")
    async def balance(account: Account, unit: OneUnit) -> dict[str, Any]:
        return {"account": account, "balance": await unit.balance(account)}

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
