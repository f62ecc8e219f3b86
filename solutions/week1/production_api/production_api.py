"""A product API with what production asks for around it. The contract is in README.md.

    GET  /v1/products/{id}, /v2/products/{id}   one product, in each version's own shape
    POST /v1/feedback, /v2/feedback             {text} -> 202
    GET  /v2/client                             whom the service takes the client for
    GET  /healthz, /readyz                      liveness and readiness

Every refusal is {"error": {"code": ..., "message": ..., "request_id": ...}}.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-api-key"}
CODES = {413: "too_large", 422: "invalid_request", 500: "internal_error", 503: "not_ready"}


@dataclass(frozen=True)
class Settings:
    """What differs between installations. Hand this class in as it is."""

    find_product: Callable[[str], dict[str, Any] | None]  # {"id", "name", "cents"}, or None; may raise
    is_ready: Callable[[], bool]  # whether what the service depends on can be used; may raise
    allowed_origins: Sequence[str] = ()  # e.g. "https://shop.example"
    trusted_proxies: Sequence[str] = ()  # networks, e.g. "10.0.0.0/8"
    max_body_bytes: int = 65_536
    v1_deprecated_at: int = 1_767_225_600  # Unix seconds
    v1_sunset_at: int = 1_798_761_600  # Unix seconds


class Edge:
    """Outermost middleware: who asks, the request's id, the headers of every answer, and one log line."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._proxies = [ip_network(network) for network in settings.trusted_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers, path = Headers(scope=scope), scope["path"]
        state = scope.setdefault("state", {})
        state["request_id"], state["client"] = uuid.uuid4().hex, self._client(scope["client"], headers)
        line = {
            "time": datetime.now(UTC).isoformat(),
            "request_id": state["request_id"],
            "client": state["client"],
            "method": scope["method"],
            "path": path,
            "headers": {name: "[redacted]" if name in SECRET_HEADERS else text for name, text in headers.items()},
        }

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                line["status"] = message["status"]
                MutableHeaders(scope=message).update(self._marks(path) | {"X-Request-ID": state["request_id"]})
            await send(message)

        await self._app(scope, receive, send_marked)
        line["level"] = "error" if line["status"] >= 500 else "info"
        line["error"] = state.get("error")
        line["duration_ms"] = 1000 * (time.perf_counter() - started)
        sys.stdout.write(json.dumps(line) + "\n")

    def _client(self, peer: tuple[str, int] | None, headers: Headers) -> str | None:
        """Walks from the peer towards the visitor, as long as whoever says so is one of our proxies."""
        try:
            client = ip_address(peer[0] if peer else "")
        except ValueError:
            return None
        said = ",".join(headers.getlist("X-Forwarded-For")).split(",")
        while said and any(client in network for network in self._proxies):
            try:
                client = ip_address(said.pop().strip())
            except ValueError:
                break
        return str(client)

    def _marks(self, path: str) -> dict[str, str]:
        if not path.startswith("/v1/"):
            return SECURITY_HEADERS
        return SECURITY_HEADERS | {
            "Deprecation": f"@{self._settings.v1_deprecated_at}",
            "Sunset": formatdate(self._settings.v1_sunset_at, usegmt=True),
            "Link": f'</v2/{path.removeprefix("/v1/")}>; rel="successor-version"',
        }


class BodyLimit:
    """Middleware: counts the body as it comes, whatever its headers say about its length."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = 0

        async def receive_counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._most:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)


def refusal(request: Request, status: int, message: str, headers: Any = None) -> JSONResponse:
    code = CODES.get(status) or HTTPStatus(status).name.lower()
    error = {"code": code, "message": message, "request_id": request.state.request_id}
    return JSONResponse({"error": error}, status, headers)


class Feedback(BaseModel):
    """The body of POST /feedback."""

    text: str


def create_app(settings: Settings) -> FastAPI:
    """The service, ready for uvicorn."""
    app = FastAPI(title="Products")
    app.add_middleware(BodyLimit, most=settings.max_body_bytes)

    @app.middleware("http")
    async def recover(request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Inside CORS, so that browsers may read a 500 as well."""
        try:
            return await call_next(request)
        except Exception as error:  # noqa: BLE001 - it is answered here, and logged by the edge
            request.state.error = type(error).__name__
            return refusal(request, 500, "something went wrong on our side")

    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization"],  # and always those of the CORS-safelist, Content-Type among them
        allow_credentials=True,
    )
    app.add_middleware(Edge, settings=settings)  # added last, so it is outermost

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> JSONResponse:
        status = 422 if error.status_code == 400 else error.status_code  # 400: FastAPI could not parse the body
        return refusal(request, status, error.detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return refusal(request, 422, "; ".join(fault["msg"] for fault in error.errors()))

    def product(product_id: str) -> dict[str, Any]:
        found = settings.find_product(product_id)
        if found is None:
            raise HTTPException(404, "there is no such product")
        return found

    v1, v2 = APIRouter(prefix="/v1"), APIRouter(prefix="/v2")

    @v1.get("/products/{product_id}")
    async def product_v1(product_id: str) -> dict[str, Any]:
        found = product(product_id)
        return {"id": found["id"], "name": found["name"], "price": found["cents"] / 100}

    @v2.get("/products/{product_id}")
    async def product_v2(product_id: str) -> dict[str, Any]:
        found = product(product_id)
        return {"id": found["id"], "name": found["name"], "price": {"cents": found["cents"], "currency": "EUR"}}

    @v1.post("/feedback", status_code=202)
    @v2.post("/feedback", status_code=202)
    async def feedback(asked: Feedback) -> dict[str, int]:
        return {"received": len(asked.text)}

    @v2.get("/client")
    async def client(request: Request) -> dict[str, Any]:
        return {"client": request.state.client}

    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def ready(request: Request) -> dict[str, str]:
        try:
            if settings.is_ready():
                return {"status": "ready"}
        except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
            request.state.error = type(error).__name__
        raise HTTPException(503, "not ready")

    app.include_router(v1)
    app.include_router(v2)
    return app
