"""The middleware owns the unit of work: begun when somebody first asks for it, ended just before the answer starts."""

import logging
import time
from collections.abc import Callable
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, Field

LETTERS = "abcdefghijklmnopqrstuvwxyz"
USABLE = set(LETTERS + LETTERS.upper() + "0123456789._-")


log = logging.getLogger("lifecycle")


class Lifecycle:
    """One request, from its arrival to its answer."""

    def __init__(self, store: Any, clock: Callable[[], float], request_id: str) -> None:
        self.store, self.clock = store, clock
        self.started = clock()
        self.request_id = request_id if 0 < len(request_id) < 65 and set(request_id) <= USABLE else uuid4().hex
        self.unit: Any = None

    def begin(self) -> Any:
        if self.unit is None:
            self.unit = self.store.begin(self.request_id)
        return self.unit

    async def end(self, success: bool) -> None:
        unit, self.unit = self.unit, None
        if unit is None:
            return
        try:
            if success:
                try:
                    await unit.commit()
                except Exception:
                    await unit.rollback()
                    raise
            else:
                await unit.rollback()
        finally:
            await unit.close()

    def headers(self) -> list[tuple[bytes, bytes]]:
        took = f"{self.clock() - self.started:.6f}"
        return [(b"x-request-id", self.request_id.encode()), (b"x-process-time", took.encode())]


class Middleware:
    def __init__(self, app: Any, store: Any, clock: Callable[[], float]) -> None:
        self.app, self.store, self.clock = app, store, clock

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        asked = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        scope["lifecycle"] = life = Lifecycle(self.store, self.clock, asked)

        async def send_when_done(message: Any) -> None:
            if message["type"] == "http.response.start":
                await life.end(success=message["status"] < 400)
                message["headers"] = [*message["headers"], *life.headers()]
            await send(message)

        try:
            await self.app(scope, receive, send_when_done)
        except Exception:
            log.exception("%s", life.request_id)
            start = {"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"application/json")]}
            try:
                await life.end(success=False)
            except Exception:
                log.exception("%s: the rollback failed, too", life.request_id)
            await send({**start, "headers": [*start["headers"], *life.headers()]})
            await send({"type": "http.response.body", "body": b'{"detail": "internal server error"}'})
        return None


def unit_of_work(request: Request) -> Any:
    return request["lifecycle"].begin()


Unit = Annotated[Any, Depends(unit_of_work)]


async def current_account(unit: Unit, authorization: Annotated[str | None, Header()] = None) -> str:
    words = (authorization or "").split(" ")
    if len(words) == 2 and words[0].lower() == "bearer":
        account = await unit.account_of(words[1])
        if account:
            return str(account)
    raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


class Transfer(BaseModel):
    to: str
    cents: Annotated[int, Field(ge=1)]


def create_app(store: Any, *, clock: Callable[[], float] = time.perf_counter) -> FastAPI:
    app = FastAPI()
    app.add_middleware(Middleware, store=store, clock=clock)

    @app.get("/balance")
    async def balance(unit: Unit, account: Annotated[str, Depends(current_account)]) -> Any:
        return {"account": account, "balance": await unit.balance(account)}

    @app.post("/transfers", status_code=201)
    async def transfer(asked: Transfer, unit: Unit, account: Annotated[str, Depends(current_account)]) -> Any:
        left = await unit.add(account, -asked.cents)
        if left < 0:
            raise HTTPException(409, "not enough money")
        try:
            await unit.add(asked.to, asked.cents)
        except LookupError:
            raise HTTPException(404, "no such account") from None
        return {"balance": left}

    @app.get("/health")
    async def health() -> Any:
        return {"status": "ok"}

    return app
