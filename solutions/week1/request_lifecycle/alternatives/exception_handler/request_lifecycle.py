"""An exception handler answers what nobody expects, outside the middleware, and marks its answer itself."""

import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


async def unit_of_work(request: Request) -> AsyncIterator[Any]:
    unit = request.app.state.store.begin(request.state.request_id)
    succeeded = False
    try:
        yield unit
        await unit.commit()
        succeeded = True
    finally:
        try:
            if not succeeded:
                await unit.rollback()
        finally:
            await unit.close()


Unit = Annotated[Any, Depends(unit_of_work, scope="function")]


async def current_account(unit: Unit, credentials: Bearer) -> str:
    account = await unit.account_of(credentials.credentials) if credentials else None
    if account is None:
        raise HTTPException(401, headers={"WWW-Authenticate": 'Bearer realm="transfers"'})
    return str(account)


Account = Annotated[str, Depends(current_account, scope="function")]


class Transfer(BaseModel):
    to: str
    cents: int = Field(gt=0)


def create_app(store: Any, *, clock: Callable[[], float] = time.perf_counter) -> FastAPI:
    app = FastAPI()
    app.state.store = store

    def marked(request: Request, response: Response) -> Response:
        response.headers["X-Request-ID"] = request.state.request_id
        response.headers["X-Process-Time"] = f"{clock() - request.state.started:.9f}"
        return response

    @app.middleware("http")
    async def mark(request: Request, call_next: Any) -> Response:
        request.state.started = clock()
        asked = request.headers.get("x-request-id")
        usable = asked is not None and re.fullmatch("[a-zA-Z0-9_.-]{1,64}", asked)
        request.state.request_id = asked if usable else str(uuid.uuid4())
        return marked(request, await call_next(request))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        logging.getLogger(__name__).critical("request %s: %r", request.state.request_id, error, exc_info=error)
        return marked(request, JSONResponse({"detail": "internal server error"}, 500))

    @app.post("/transfers", status_code=201)
    async def transfer(asked: Transfer, unit: Unit, account: Account) -> Any:
        try:
            await unit.add(asked.to, asked.cents)
        except LookupError as error:
            raise HTTPException(404) from error
        balance = await unit.add(account, -asked.cents)
        if balance < 0:
            raise HTTPException(409)
        return {"balance": balance}

    @app.get("/balance")
    async def balance(unit: Unit, account: Account) -> Any:
        return {"account": account, "balance": await unit.balance(account)}

    @app.get("/health")
    async def health() -> Any:
        return {"status": "ok"}

    return app
