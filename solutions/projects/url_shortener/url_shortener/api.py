"""The routes: what is asked and answered."""

import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from .fast import Fast
from .rules import CODE, PUBLIC_URL, checked_alias, checked_url, new_code
from .store import Link, Store, TakenError, Ticket, TicketError, hits
from .visits import dashboard_page, hit_of

RATE_LIMIT = 20
RATE_WINDOW_S = 60

_log = logging.getLogger(__name__)


class NewLink(BaseModel):
    """The body of POST /links."""

    url: Annotated[str, AfterValidator(checked_url)]
    alias: Annotated[str, AfterValidator(checked_alias)] | None = None
    ttl_s: Annotated[int, Field(strict=True, ge=1, le=31_536_000)] | None = None


class RefusedError(Exception):
    """A request that is answered with the error envelope."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    """The service as an ASGI app; it connects when it starts, so that a server may fork before."""
    store, fast = Store(database_url), Fast(redis_url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        store.prepare()
        yield
        fast.close()
        store.engine.dispose()

    app = FastAPI(title="URL shortener", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    _explain_refusals(app)

    def limited(x_api_key: Annotated[str, Header()] = "anonymous") -> str:
        """The client, if it may make one more request in this window."""
        now = clock()
        window = math.floor(now / RATE_WINDOW_S)
        if fast.spend(x_api_key, window, keep_s=2 * RATE_WINDOW_S) > RATE_LIMIT:
            wait_s = math.ceil((window + 1) * RATE_WINDOW_S - now)
            raise RefusedError(429, "rate_limited", f"wait {wait_s} s", {"Retry-After": str(wait_s)})
        return x_api_key

    @app.post("/links")
    def create(
        asked: NewLink,
        client: Annotated[str, Depends(limited)],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        ticket = Ticket(client, idempotency_key, asked.model_dump_json()) if idempotency_key else None
        expires_at = None if asked.ttl_s is None else clock() + asked.ttl_s
        link = None
        while link is None:
            try:
                link = store.add(Link(asked.alias or new_code(), asked.url, expires_at), ticket)
            except TicketError:
                message = "this Idempotency-Key was used for another request"
                raise RefusedError(422, "idempotency_mismatch", message) from None
            except TakenError:
                if asked.alias:
                    raise RefusedError(409, "alias_taken", f"{asked.alias} is taken") from None
        fast.announce(link)
        short_url = f"{PUBLIC_URL}/{link.code}"
        body = {"code": link.code, "short_url": short_url, "url": link.url, "expires_at": link.expires_at}
        return JSONResponse(body, 201, headers={"Location": short_url})

    def find(code: str) -> Link:
        if CODE.fullmatch(code):
            known, link = fast.recall(code)
            if not known:
                link = store.find(code)
                fast.learn(code, link)
            if link:
                return link
        raise RefusedError(404, "not_found", "there is no link with this code")

    @app.get("/links/{code}/stats")
    def stats(code: str) -> dict[str, Any]:
        link = find(code)
        by_day = store.counts(code, hits.c.day)
        return {
            "code": code,
            "url": link.url,
            "total": sum(by_day.values()),
            "by_day": by_day,
            "by_referrer": store.counts(code, hits.c.referrer),
            "unique_visitors": len(store.counts(code, hits.c.visitor)),
        }

    @app.get("/dashboard")
    def dashboard() -> Response:
        newest = store.newest(100)
        return HTMLResponse(dashboard_page([(link, store.counts(link.code, hits.c.referrer)) for link in newest]))

    @app.get("/healthz")
    def alive() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def ready() -> Response:
        try:
            store.check()
        except SQLAlchemyError:
            return JSONResponse({"status": "unavailable"}, 503)
        return JSONResponse({"status": "ready" if fast.answers() else "degraded"})

    @app.get("/{code}")
    def follow(code: str, request: Request) -> Response:
        link, now = find(code), clock()
        if link.expires_at is not None and now >= link.expires_at:
            raise RefusedError(410, "expired", "this link has expired")
        try:
            store.record(hit_of(code, now, request.headers))
        except SQLAlchemyError:
            _log.exception("a hit of %s is lost", code)  # our bookkeeping is not the visitor's problem
        return RedirectResponse(link.url, 302, headers={"Cache-Control": "no-store"})

    return app


def _explain_refusals(app: FastAPI) -> None:
    """Every refusal has the same envelope, those of the framework included."""

    def envelope(status: int, code: str, message: str, headers: Any = None) -> Response:
        return JSONResponse({"error": {"code": code, "message": message}}, status, headers=headers)

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        return envelope(error.status, error.code, str(error), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        faults = [f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()]
        return envelope(422, "invalid_request", "; ".join(faults))

    @app.exception_handler(HTTPException)
    async def unrouted(_: Request, error: HTTPException) -> Response:
        code = "not_found" if error.status_code == 404 else "invalid_request"
        return envelope(error.status_code, code, error.detail, error.headers)
