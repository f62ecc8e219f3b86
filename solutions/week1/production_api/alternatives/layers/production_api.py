"""One BaseHTTPMiddleware function for each concern, the log by `logging`, the body read by a dependency."""

import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.cors import CORSMiddleware

log = logging.getLogger("access")


class Printed(logging.Handler):
    """Writes to whatever standard output is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(self.format(record) + "\n")


@dataclass(frozen=True)
class Settings:
    find_product: Callable[[str], dict[str, Any] | None]
    is_ready: Callable[[], bool]
    allowed_origins: Sequence[str] = ()
    trusted_proxies: Sequence[str] = ()
    max_body_bytes: int = 65_536
    v1_deprecated_at: int = 1_767_225_600
    v1_sunset_at: int = 1_798_761_600


class Feedback(BaseModel):
    text: str


async def feedback_of(request: Request) -> Feedback:
    body = bytearray()
    async for piece in request.stream():
        body.extend(piece)
        if len(body) > request.app.state.settings.max_body_bytes:
            raise HTTPException(413, "too_large")
    try:
        return Feedback.model_validate_json(bytes(body))
    except ValidationError:
        raise HTTPException(422, "invalid_request") from None


def address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None


def envelope(request: Request, status: int, code: str) -> Response:
    error = {"code": code, "message": code.replace("_", " "), "request_id": request.state.request_id}
    return JSONResponse({"error": error}, status)


def create_app(settings: Settings) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.settings = settings
    proxies = tuple(map(ip_network, settings.trusted_proxies))
    if not log.handlers:
        log.addHandler(Printed())
        log.setLevel(logging.INFO)
        log.propagate = False

    @app.middleware("http")
    async def recover(request: Request, call_next: Any) -> Response:
        try:
            answer: Response = await call_next(request)
        except Exception as error:
            log.debug("unexpected", exc_info=True)
            request.state.error = type(error).__name__
            return envelope(request, 500, "internal_error")
        return answer

    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )

    @app.middleware("http")
    async def mark(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        answer.headers["X-Request-ID"] = request.state.request_id
        answer.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cache-Control"] = "no-store"
        if request.url.path.startswith("/v1/"):
            successor = request.url.path.replace("/v1/", "/v2/", 1)
            sunset = datetime.fromtimestamp(settings.v1_sunset_at, UTC)
            answer.headers["Deprecation"] = f"@{settings.v1_deprecated_at}"
            answer.headers["Sunset"] = format_datetime(sunset, usegmt=True)
            answer.headers["Link"] = f'<{successor}>; rel="successor-version"'
        return answer

    @app.middleware("http")
    async def identify(request: Request, call_next: Any) -> Response:
        request.state.request_id = uuid4().hex
        client = address(request.client.host) if request.client else None
        hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        while client and hops and any(client in network for network in proxies):
            further = address(hops.pop())
            if further is None:
                break
            client = further
        request.state.client = str(client) if client else None
        began = time.perf_counter_ns()
        answer: Response = await call_next(request)
        headers = dict(request.headers)
        for name in headers.keys() & {"authorization", "proxy-authorization", "cookie", "x-api-key"}:
            headers[name] = "[redacted]"
        level = logging.ERROR if answer.status_code >= 500 else logging.INFO
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": logging.getLevelName(level).lower(),
            "request_id": request.state.request_id,
            "method": request.method,
            "path": request.scope["path"],
            "status": answer.status_code,
            "duration_ms": (time.perf_counter_ns() - began) // 1_000_000,
            "client": request.state.client,
            "headers": headers,
            "error": getattr(request.state, "error", None),
        }
        log.log(level, "%s", json.dumps(line, ensure_ascii=False))
        return answer

    @app.exception_handler(AnyHTTPException)
    async def refused(request: Request, error: AnyHTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, error.detail)
        return envelope(request, error.status_code, code)

    def product(product_id: str) -> dict[str, Any]:
        if (found := settings.find_product(product_id)) is not None:
            return found
        raise HTTPException(404)

    for version in ("v1", "v2"):

        @app.post(f"/{version}/feedback", status_code=202)
        async def feedback(sent: Annotated[Feedback, Depends(feedback_of)]) -> Any:
            return {"received": len(sent.text)}

    @app.get("/v1/products/{product_id}")
    def first(found: Annotated[dict[str, Any], Depends(product)]) -> Any:
        return {"id": found["id"], "name": found["name"], "price": found["cents"] / 100}

    @app.get("/v2/products/{product_id}")
    def second(found: Annotated[dict[str, Any], Depends(product)]) -> Any:
        return {"id": found["id"], "name": found["name"], "price": {"cents": found["cents"], "currency": "EUR"}}

    @app.get("/v2/client")
    def client(request: Request) -> Any:
        return {"client": request.state.client}

    @app.get("/healthz")
    def alive() -> Any:
        return {"status": "ok"}

    @app.get("/readyz")
    def ready(request: Request) -> Any:
        try:
            if settings.is_ready():
                return {"status": "ready"}
        except Exception as error:
            log.debug("not ready", exc_info=True)
            request.state.error = type(error).__name__
        raise HTTPException(503, "not_ready")

    return app
