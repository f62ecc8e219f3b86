"""BaseHTTPMiddleware, the id in a context variable, the unit of work as an async context manager."""

import contextvars
import logging
import string
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from secrets import token_urlsafe
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, PositiveInt
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse

ALLOWED = frozenset(string.ascii_letters + string.digits + "._-")
current_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id")


@asynccontextmanager
async def working(store: Any, request_id: str) -> AsyncIterator[Any]:
    unit = store.begin(request_id)
    try:
        try:
            yield unit
            await unit.commit()
        except Exception:
            await unit.rollback()
            raise
    finally:
        await unit.close()


async def unit_of_work(request: Request) -> AsyncIterator[Any]:
    async with working(request.app.state.store, current_id.get()) as unit:
        yield unit


Work = Annotated[Any, Depends(unit_of_work, scope="function")]


async def current_account(request: Request, unit: Work) -> str:
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() == "bearer" and (account := await unit.account_of(token)):
        return str(account)
    raise HTTPException(401, "not authenticated", headers={"WWW-Authenticate": "Bearer"})


Account = Annotated[str, Depends(current_account)]


class Transfer(BaseModel):
    to: str
    cents: PositiveInt


def create_app(store: Any, *, clock: Callable[[], float] = time.perf_counter) -> FastAPI:
    app = FastAPI()
    app.state.store = store

    async def context(request: Request, call_next: Any) -> Response:
        started = clock()
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if 1 <= len(sent) <= 64 and ALLOWED.issuperset(sent) else token_urlsafe(16)
        current_id.set(request_id)
        try:
            response: Response = await call_next(request)
        except Exception as error:
            logging.getLogger("transfers").error("%s: unhandled", request_id, exc_info=error)
            response = JSONResponse({"detail": "internal server error"}, 500)
        response.headers["X-Request-ID"] = request_id
        response.headers["X-Process-Time"] = format(clock() - started, ".4f")
        return response

    app.add_middleware(BaseHTTPMiddleware, dispatch=context)

    @app.post("/transfers", status_code=201)
    async def transfer(asked: Transfer, account: Account, unit: Work) -> Any:
        """Look first, write afterwards."""
        try:
            await unit.balance(asked.to)
        except LookupError:
            raise HTTPException(404) from None
        if await unit.balance(account) < asked.cents:
            raise HTTPException(409)
        await unit.add(asked.to, asked.cents)
        return {"balance": await unit.add(account, -asked.cents)}

    @app.get("/balance")
    async def balance(account: Account, unit: Work) -> Any:
        return {"account": account, "balance": await unit.balance(account)}

    @app.get("/health")
    def health() -> Any:
        return {"status": "ok"}

    return app
