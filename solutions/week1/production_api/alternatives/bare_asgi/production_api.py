"""A product API with what production asks for around it. The contract is in README.md.

    GET  /v1/products/{id}, /v2/products/{id}   one product, in each version's own shape
    POST /v1/feedback, /v2/feedback             {text} -> 202
    GET  /v2/client                             whom the service takes the client for
    GET  /healthz, /readyz                      liveness and readiness

Every refusal is {"error": {"code": ..., "message": ..., "request_id": ...}}.

The idea: what holds for *every* answer is easiest to promise where every answer has to pass. So this is a bare ASGI app
with one gate instead of a framework with a stack of middleware: a request becomes an `Answer`, a plain value, whatever
happens, and one function sends it and writes its line. No layer is outside of another, and a 500 passes all of them.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


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


def create_app(settings: Settings) -> ProductAPI:
    """The service, ready for uvicorn."""
    return ProductAPI(settings)


SECURITY_HEADERS = (
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Vary", "Origin"),  # on every answer: also one without CORS headers depends on who asked
)
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})


class Refusal(Exception):
    """An answer with a status from 400 on."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        cause: BaseException | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.cause, self.headers = status, code, message, cause, headers


@dataclass
class Request:
    """What the routes may know."""

    method: str
    path: str  # decoded
    raw_path: bytes  # as it was sent, without the query
    headers: list[tuple[str, str]]  # names in lower case
    client: str | None
    receive: Receive
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass
class Answer:
    status: int
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)
    error: str | None = None


def as_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


class ClientFinder:
    """Who sent a request: the last address that somebody trusted has seen."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]

    @staticmethod
    def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        if "%" in text:  # a zone is no part of a plain address
            return None
        try:
            return ipaddress.ip_address(text)
        except ValueError:
            return None

    def find(self, peer: Any, forwarded: list[str]) -> str | None:
        address = self._address(str(peer[0]).partition("%")[0]) if peer else None
        if address is None:
            return None
        entries = [entry.strip(" \t") for value in forwarded for entry in value.split(",")]
        while entries and any(address in network for network in self._trusted):
            previous = self._address(entries.pop())
            if previous is None:
                break
            address = previous
        return str(address)


class ProductAPI:
    """The ASGI app."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._origins = frozenset(settings.allowed_origins) - {"null"}
        self._clients = ClientFinder(settings.trusted_proxies)
        self._v1_headers = (
            ("Deprecation", f"@{int(settings.v1_deprecated_at)}"),
            ("Sunset", formatdate(settings.v1_sunset_at, usegmt=True)),
        )
        # (path, method, what answers). A path may be there with several methods.
        self._routes: list[tuple[re.Pattern[str], str, Callable[..., Awaitable[Answer]]]] = [
            (re.compile(r"/v1/products/([^/]+)"), "GET", self._product_v1),
            (re.compile(r"/v2/products/([^/]+)"), "GET", self._product_v2),
            (re.compile(r"/v[12]/feedback"), "POST", self._feedback),
            (re.compile(r"/v2/client"), "GET", self._client),
            (re.compile(r"/healthz"), "GET", self._healthz),
            (re.compile(r"/readyz"), "GET", self._readyz),
        ]

    # The gate.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._gate(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                # Standard output belongs to our own lines, and uvicorn's would hold queries.
                logging.getLogger("uvicorn.access").disabled = True
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Who asks for a WebSocket may be answered as though he had not (RFC 9110, 7.8), with all headers and a line."""
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1000})
            return

        async def send_http(message: dict[str, Any]) -> None:
            await send({**message, "type": "websocket." + message["type"]})

        await self._gate({**scope, "method": "GET"}, receive, send_http)

    async def _gate(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        now = datetime.now(UTC)
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        forwarded = [value for name, value in headers if name == "x-forwarded-for"]
        request = Request(
            method=scope["method"],
            path=scope["path"],
            raw_path=scope.get("raw_path") or quote(scope["path"], errors="replace").encode("ascii"),
            headers=headers,
            client=self._clients.find(scope.get("client"), forwarded),
            receive=receive,
        )
        answer = Answer(499, b"")  # what the line says if the server gives up before there is an answer
        try:
            answer = await self._answer(request)
            await send(
                {
                    "type": "http.response.start",
                    "status": answer.status,
                    "headers": [
                        (name.lower().encode("latin-1"), value.encode("latin-1"))
                        for name, value in (*answer.headers, *self._headers_of_every_answer(request))
                    ]
                    + ([(b"content-length", b"%d" % len(answer.body))] if answer.status != 204 else []),
                }
            )
            await send({"type": "http.response.body", "body": answer.body})
        finally:
            self._log(request, answer, now, time.perf_counter() - started)

    async def _answer(self, request: Request) -> Answer:
        """An answer, whatever happens."""
        try:
            return self._preflight(request) or await self._route(request)
        except Refusal as refusal:
            failed = refusal
        except Exception as error:  # noqa: BLE001
            failed = Refusal(500, "internal_error", "something went wrong on our side", cause=error)
        body = {"error": {"code": failed.code, "message": failed.message, "request_id": request.id}}
        return Answer(
            failed.status,
            as_json(body),
            [("Content-Type", "application/json"), *failed.headers],
            type(failed.cause).__name__ if failed.cause is not None else None,
        )

    def _headers_of_every_answer(self, request: Request) -> list[tuple[str, str]]:
        headers = [("X-Request-ID", request.id), *SECURITY_HEADERS]
        if request.path.startswith("/v1/"):
            headers += [*self._v1_headers, ("Link", f'<{self._successor(request)}>; rel="successor-version"')]
        origin = self._listed_origin(request)
        if origin is not None:
            headers += [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Expose-Headers", "X-Request-ID, Deprecation, Sunset, Link"),
            ]
        return headers

    @staticmethod
    def _successor(request: Request) -> str:
        """The path below /v2/, escaped as it came; what no URI may hold is escaped, so that nobody closes the `<`."""
        if request.raw_path.startswith(b"/v1/"):
            return "/v2/" + quote(request.raw_path[4:], safe="%/:@!$&'()*+,;=-._~")
        return "/v2/" + quote(request.path[4:], errors="replace")  # /%761/...

    def _listed_origin(self, request: Request) -> str | None:
        match request.header("origin"):
            case [origin] if origin in self._origins:
                return origin
        return None

    def _preflight(self, request: Request) -> Answer | None:
        if (
            request.method != "OPTIONS"
            or not request.header("access-control-request-method")
            or self._listed_origin(request) is None
        ):
            return None
        return Answer(
            204,
            b"",
            [
                ("Access-Control-Allow-Methods", "GET, POST"),
                ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
            ],
        )

    def _log(self, request: Request, answer: Answer, now: datetime, took_s: float) -> None:
        headers: dict[str, str] = {}
        for name, value in request.headers:
            shown = "[redacted]" if name in SECRET_HEADERS else value
            headers[name] = f"{headers[name]}, {shown}" if name in headers and shown != "[redacted]" else shown
        line = {
            "time": now.isoformat(),
            "level": "error" if answer.status >= 500 else "info",
            "request_id": request.id,
            "method": request.method,
            "path": request.path,
            "status": answer.status,
            "client": request.client,
            "duration_ms": round(max(took_s, 0.0) * 1000, 3),
            "headers": headers,
            "error": answer.error,
        }
        try:
            sys.stdout.write(json.dumps(line) + "\n")  # ASCII only: no line separator of any kind gets through
            sys.stdout.flush()
        except (OSError, ValueError):  # a full disk, a closed pipe: the answer matters more than its line
            pass

    # The routes.

    async def _route(self, request: Request) -> Answer:
        allowed = []
        for pattern, method, endpoint in self._routes:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                return await endpoint(request, *found.groups())
            if found:
                allowed.append(method)
        if allowed:
            raise Refusal(
                405,
                "method_not_allowed",
                "this path does not know that method",
                headers=(("Allow", ", ".join(allowed)),),
            )
        raise Refusal(404, "not_found", "there is no such path")

    @staticmethod
    def _ok(value: Any, status: int = 200) -> Answer:
        return Answer(status, as_json(value), [("Content-Type", "application/json")])

    def _find(self, product_id: str) -> dict[str, Any]:
        try:
            product = self._settings.find_product(product_id)
        except BaseException as error:  # "may raise anything", and a SystemExit would end the server  # noqa: BLE001
            raise Refusal(500, "internal_error", "something went wrong on our side", cause=error) from None
        if product is None:
            raise Refusal(404, "not_found", "there is no such product")
        return product

    async def _product_v1(self, request: Request, product_id: str) -> Answer:
        product = self._find(product_id)
        return self._ok({"id": product["id"], "name": product["name"], "price": product["cents"] / 100})

    async def _product_v2(self, request: Request, product_id: str) -> Answer:
        product = self._find(product_id)
        price = {"cents": product["cents"], "currency": "EUR"}
        return self._ok({"id": product["id"], "name": product["name"], "price": price})

    async def _feedback(self, request: Request) -> Answer:
        body = await self._body(request)
        try:
            # Numbers are only skipped; int() would refuse those of more than 4300 digits, which are JSON.
            value = json.loads(body.decode("utf-8"), parse_int=len, parse_float=len, parse_constant=self._no_constant)
        except (ValueError, RecursionError):
            raise Refusal(422, "invalid_request", "the body is not JSON in UTF-8") from None
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str):
            raise Refusal(422, "invalid_request", "the body must be an object with a string `text`")
        return self._ok({"received": len(text)}, 202)

    @staticmethod
    def _no_constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    async def _body(self, request: Request) -> bytes:
        limit = self._settings.max_body_bytes
        too_large = Refusal(413, "too_large", f"the body is longer than {limit} bytes")
        for length in request.header("content-length"):
            if re.fullmatch("[0-9]+", length) and (len(length.lstrip("0")) > 18 or int(length) > limit):
                raise too_large  # without a look at the body
        body = bytearray()
        more = True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise Refusal(422, "invalid_request", "the body ended early")  # nobody reads it, but the log has it
            body += message.get("body", b"")
            if len(body) > limit:
                raise too_large
            more = message.get("more_body", False)
        return bytes(body)

    async def _client(self, request: Request) -> Answer:
        return self._ok({"client": request.client})

    async def _healthz(self, request: Request) -> Answer:
        return self._ok({"status": "ok"})

    async def _readyz(self, request: Request) -> Answer:
        cause: BaseException | None = None
        try:
            if self._settings.is_ready():
                return self._ok({"status": "ready"})
        except BaseException as error:  # see _find  # noqa: BLE001
            cause = error
        raise Refusal(503, "not_ready", "what the service depends on cannot be used", cause=cause)
