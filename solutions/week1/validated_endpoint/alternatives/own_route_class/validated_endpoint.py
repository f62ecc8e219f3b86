"""An orders API that believes nothing it is sent. The contract is in README.md.

    POST /orders        {customer, currency, items, note?} -> 201 and the order
    GET  /orders/{id}   -> 200 and the order, or 404
    GET  /orders        ?customer= &currency= &min_total= &limit= &offset= -> 200 {orders, count}

Every refusal is {"error": {"code": ..., "message": ...}}. Money is whole minor units (cents) everywhere.
"""

import uuid
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import from_json
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import Message

MAX_BODY_BYTES = 16_384
DRAINED_BYTES = 1_048_576  # so much of a body that is too long is read, that its sender gets to see the answer

Currency = Literal["EUR", "USD", "GBP"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Item(_Closed):
    sku: Annotated[str, Field(strict=True, min_length=1, max_length=20, pattern=r"^[A-Z0-9-]+$")]
    quantity: Annotated[int, Field(strict=True, ge=1, le=1000)]
    unit_price: Annotated[int, Field(strict=True, ge=0, le=10**15, description="minor units")]


class NewOrder(_Closed):
    customer: Annotated[str, Field(strict=True, min_length=1, max_length=100)]
    currency: Currency
    items: Annotated[list[Item], Field(min_length=1, max_length=50)]
    note: Annotated[str, Field(strict=True, max_length=500)] | None = None


class Order(_Closed):
    id: str
    status: Literal["new"]
    customer: str
    currency: Currency
    note: str | None
    total: Annotated[int, Field(description="minor units")]
    items: list[Item]


class OrderPage(_Closed):
    orders: list[Order]
    count: Annotated[int, Field(description="how many match, on all pages")]


class Error(BaseModel):
    code: str
    message: str
    fields: Annotated[list[str], Field(description="with invalid_request: the paths of all wrong values")] = []


class ErrorEnvelope(BaseModel):
    error: Error


def _decimal(value: Any) -> int:
    if not (isinstance(value, str) and value.isascii() and value.isdigit()):
        raise ValueError("decimal digits are needed")
    return int(value)


Natural = Annotated[int, BeforeValidator(_decimal)]


class OrderQuery(_Closed):
    customer: str | None = None
    currency: Currency | None = None
    min_total: Annotated[Natural | None, Field(ge=0)] = None
    limit: Annotated[Natural, Field(ge=1, le=100)] = 20
    offset: Annotated[Natural, Field(ge=0)] = 0


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def _error(
    status: int, code: str, message: str, *, fields: list[str] | None = None, headers: Any = None
) -> JSONResponse:
    error: dict[str, Any] = {"code": code, "message": message}
    if fields is not None:
        error["fields"] = fields
    return JSONResponse({"error": error}, status, headers)


class JsonRoute(APIRoute):
    """A route whose body is bounded, declared as JSON, and is JSON, before FastAPI gets to see it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            if request.method != "POST":
                return await handle(request)
            body = await _bounded_body(request)
            media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json":
                raise Refusal(415, "unsupported_media_type", "the body must be application/json")
            try:
                from_json(body, allow_inf_nan=False)  # stricter than json.loads: UTF-8 only, no lone surrogates
            except ValueError:
                raise Refusal(422, "invalid_json", "the body is not JSON") from None

            async def replay() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            headers = [header for header in request.scope["headers"] if header[0].lower() != b"content-type"]
            headers.append((b"content-type", b"application/json"))
            return await handle(Request({**request.scope, "headers": headers}, replay))

        return handle_json


async def _bounded_body(request: Request) -> bytes:
    """The body. One that is too long is not kept, and is read on for a while only."""
    body, length = bytearray(), 0
    async for chunk in request.stream():
        length += len(chunk)
        if length <= MAX_BODY_BYTES:
            body += chunk
        elif length > DRAINED_BYTES:
            break
    if length > MAX_BODY_BYTES:
        raise Refusal(413, "too_large", f"the body is longer than {MAX_BODY_BYTES} bytes")
    return bytes(body)


async def _on_refusal(_request: Request, error: Refusal) -> Response:
    return _error(error.status, error.code, error.message)


async def _on_invalid(_request: Request, error: RequestValidationError) -> Response:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return _error(422, "invalid_json", "the body is not JSON")
    paths = {tuple(fault["loc"][1:]) for fault in faults} - {()}
    # A value that is wrong is named itself, not what is in it.
    outermost = [path for path in paths if not any(path[:end] in paths for end in range(1, len(path)))]
    fields = sorted({".".join(str(part) for part in path) for path in outermost})
    return _error(422, "invalid_request", "the request is not as described", fields=fields)


async def _on_http(_request: Request, error: StarletteHTTPException) -> Response:
    if error.status_code == 404:
        return _error(404, "not_found", "there is no such path")
    if error.status_code == 405:
        return _error(405, "method_not_allowed", "this path does not have this method", headers=error.headers)
    if error.status_code == 400:  # FastAPI's, for a body that json cannot parse
        return _error(422, "invalid_json", "the body is not JSON")
    return _error(error.status_code, "refused", "the request is refused", headers=error.headers)


async def _on_accident(_request: Request, _error_: Exception) -> Response:
    """Starlette raises the exception again after this answer, so that the server logs it."""
    return _error(500, "internal_error", "something went wrong on our side")


class _Orders:
    """The orders, oldest first. Nothing in here awaits: on one event loop each method is atomic."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._by_id: dict[str, Order] = {}
        self._by_key: dict[str, tuple[NewOrder, Order]] = {}

    def make(self, wanted: NewOrder, key: str | None) -> Order:
        if key and key in self._by_key:
            before, order = self._by_key[key]
            if before != wanted:
                raise Refusal(409, "idempotency_conflict", "the key was used for a different order")
            return order
        order = Order(
            id=self._new_id(),
            status="new",
            total=sum(item.quantity * item.unit_price for item in wanted.items),
            customer=wanted.customer,
            currency=wanted.currency,
            note=wanted.note,
            items=wanted.items,
        )
        if order.id in self._by_id:
            raise RuntimeError("new_id gave an id twice")
        self._by_id[order.id] = order
        if key:
            self._by_key[key] = (wanted, order)
        return order

    def get(self, order_id: str) -> Order:
        try:
            return self._by_id[order_id]
        except KeyError:
            raise Refusal(404, "not_found", "there is no order with this id") from None

    def find(self, query: OrderQuery) -> OrderPage:
        found = [
            order
            for order in self._by_id.values()
            if (query.customer is None or order.customer == query.customer)
            and (query.currency is None or order.currency == query.currency)
            and (query.min_total is None or order.total >= query.min_total)
        ]
        return OrderPage(orders=found[query.offset : query.offset + query.limit], count=len(found))


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorEnvelope} for status in statuses}


def create_app(*, new_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> FastAPI:
    """The service, ready for uvicorn. Orders are kept in memory, in the app; ``new_id`` makes their ids."""
    app = FastAPI(title="Orders", redirect_slashes=False)
    app.router.route_class = JsonRoute
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(StarletteHTTPException, _on_http)
    app.add_exception_handler(Exception, _on_accident)
    orders = _Orders(new_id)

    @app.post("/orders", status_code=201, responses=_refusals(409, 413, 415, 422))
    async def make_order(
        wanted: NewOrder, response: Response, idempotency_key: Annotated[str | None, Header()] = None
    ) -> Order:
        order = orders.make(wanted, idempotency_key)
        response.headers["Location"] = f"/orders/{quote(order.id, safe='')}"
        return order

    @app.get("/orders/{order_id}", responses=_refusals(404))
    async def get_order(order_id: str) -> Order:
        return orders.get(order_id)

    @app.get("/orders", responses=_refusals(422))
    async def find_orders(query: Annotated[OrderQuery, Query()]) -> OrderPage:
        return orders.find(query)

    make_document = app.openapi

    def openapi() -> dict[str, Any]:
        """FastAPI's document, without the 422 that it adds to every path with a parameter: any string is an id."""
        document = make_document()
        document["paths"]["/orders/{order_id}"]["get"]["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
    return app
