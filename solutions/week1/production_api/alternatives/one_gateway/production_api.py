"""A bare Starlette app behind one gateway function, which knows HTTP messages and nothing else."""

import ipaddress
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "invalid_request", 503: "not_ready"}
ALWAYS = [
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


@dataclass(frozen=True)
class Settings:
    find_product: Callable[[str], dict[str, Any] | None]
    is_ready: Callable[[], bool]
    allowed_origins: Sequence[str] = ()
    trusted_proxies: Sequence[str] = ()
    max_body_bytes: int = 65_536
    v1_deprecated_at: int = 1_767_225_600
    v1_sunset_at: int = 1_798_761_600


def refuse(status: int, request_id: str, code: str = "") -> Response:
    error = {"code": code or CODES[status], "message": f"status {status}", "request_id": request_id}
    return JSONResponse({"error": error}, status)


def create_app(settings: Settings) -> Any:
    networks = [ipaddress.ip_network(text) for text in settings.trusted_proxies]
    sunset = datetime.fromtimestamp(settings.v1_sunset_at, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    router = Router(routes(settings))

    def is_proxy(text: str) -> bool:
        address = ipaddress.ip_address(text)
        return any(address.version == network.version and address in network for network in networks)

    def client_of(scope: Any, forwarded: list[str]) -> str | None:
        chain = [entry.strip() for line in forwarded for entry in line.split(",")]
        client = scope["client"][0] if scope["client"] else ""
        if not any(sign in client for sign in ".:"):
            return None
        for entry in reversed(chain):
            if not is_proxy(client):
                break
            try:
                client = str(ipaddress.ip_address(entry))
            except ValueError:
                break
        return client

    def headers_for(path: str, origin: str | None, preflight: bool) -> list[tuple[bytes, bytes]]:
        headers = list(ALWAYS)
        if path.startswith("/v1/"):
            headers += [
                (b"deprecation", b"@%d" % settings.v1_deprecated_at),
                (b"sunset", sunset.encode()),
                (b"link", f'</v2/{path[4:]}>; rel="successor-version"'.encode()),
            ]
        if origin in settings.allowed_origins and origin is not None:
            headers += [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-credentials", b"true"),
            ]
            if preflight:
                headers.append((b"access-control-allow-methods", b"GET, POST"))
                headers.append((b"access-control-allow-headers", b"Content-Type, Authorization"))
        return [*headers, (b"vary", b"Origin")]

    async def gateway(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await lifespan(receive, send)
        began, path, request_id = time.monotonic(), scope["path"], secrets.token_hex(16)
        request = Request(scope)
        origin = request.headers.get("origin")
        client = client_of(scope, request.headers.getlist("x-forwarded-for"))
        scope["app"] = router  # so that it raises what it cannot route
        scope["state"] = {"id": request_id, "client": client, "most": settings.max_body_bytes}
        preflight = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        status, error = 0, None

        async def forward(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = [*headers_for(path, origin, preflight), (b"x-request-id", request_id.encode())]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        answer: Any = router
        try:
            if preflight:
                answer = Response(status_code=204)
            await answer(scope, receive, forward)
        except HTTPException as refused:
            await refuse(refused.status_code, request_id)(scope, receive, forward)
        except Exception as unexpected:  # noqa: BLE001 - answered and logged here
            error = type(unexpected).__name__
            await refuse(500, request_id, "internal_error")(scope, receive, forward)
        finally:
            seen = {name: "[redacted]" if is_secret(name) else value for name, value in request.headers.items()}
            line = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f+00:00}", "request_id": request_id}
            line |= {"level": "info" if status < 500 else "error", "method": request.method, "path": path}
            line |= {"status": status, "client": client, "headers": seen, "error": error or scope["state"].get("error")}
            print(json.dumps(line | {"duration_ms": round((time.monotonic() - began) * 1000, 3)}))
        return None

    return gateway


def is_secret(name: str) -> bool:
    return name in ("cookie", "x-api-key") or name.endswith("authorization")


async def lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def routes(settings: Settings) -> list[Route]:
    def find(request: Request) -> Any:
        product = settings.find_product(request.path_params["id"])
        if product is None:
            raise HTTPException(404)
        return product

    async def old(request: Request) -> Response:
        product = find(request)
        return JSONResponse({"id": product["id"], "name": product["name"], "price": product["cents"] / 100})

    async def new(request: Request) -> Response:
        product = find(request)
        price = {"cents": product["cents"], "currency": "EUR"}
        return JSONResponse({"id": product["id"], "name": product["name"], "price": price})

    async def feedback(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > request.state.most:
                raise HTTPException(413)
        try:
            text = json.loads(body)["text"]
        except (ValueError, RecursionError, LookupError, TypeError):
            raise HTTPException(422) from None
        if not isinstance(text, str):
            raise HTTPException(422)
        return JSONResponse({"received": len(text)}, 202)

    async def client(request: Request) -> Response:
        return JSONResponse({"client": request.state.client})

    async def alive(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        try:
            is_ready = settings.is_ready()
        except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
            is_ready, request.state.error = False, type(error).__name__
        return JSONResponse({"status": "ready"}) if is_ready else refuse(503, request.state.id)

    return [
        Route("/v1/products/{id}", old, methods=["GET"]),
        Route("/v2/products/{id}", new, methods=["GET"]),
        Route("/v1/feedback", feedback, methods=["POST"]),
        Route("/v2/feedback", feedback, methods=["POST"]),
        Route("/v2/client", client, methods=["GET"]),
        Route("/healthz", alive, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
    ]
