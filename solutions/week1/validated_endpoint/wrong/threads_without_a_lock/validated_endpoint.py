"""An orders API that believes nothing it is sent. The contract is in README.md.

    POST /orders        {customer, currency, items, note?} -> 201 and the order
    GET  /orders/{id}   -> 200 and the order, or 404
    GET  /orders        ?customer= &currency= &min_total= &limit= &offset= -> 200 {orders, count}

Every refusal is {"error": {"code": ..., "message": ...}}. Money is whole minor units (cents) everywhere.
"""

import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 16_384


class Strict(BaseModel):
    """No conversions, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid")


Currency = Literal["EUR", "USD", "GBP"]


class Item(Strict):
    sku: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,20}$")]
    quantity: Annotated[int, Field(ge=1, le=1000)]
    unit_price: Annotated[int, Field(ge=0, le=10**15)]  # minor units


class NewOrder(Strict):
    """The body of POST /orders."""

    customer: Annotated[str, Field(min_length=1, max_length=100)]
    currency: Currency
    items: Annotated[list[Item], Field(min_length=1, max_length=50)]
    note: Annotated[str, Field(max_length=500)] | None = None


class Order(NewOrder):
    """An order as it is answered: what is not named here never leaves."""

    id: str
    status: Literal["new"] = "new"
    total: int  # minor units


class Page(BaseModel):
    orders: list[Order]
    count: int


class Filters(BaseModel):
    """The query of GET /orders, where every value is text."""

    model_config = ConfigDict(extra="forbid")

    customer: str | None = None
    currency: Currency | None = None
    min_total: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0)] = 0

    def keeps(self, order: Order) -> bool:
        return (
            self.customer in (None, order.customer)
            and self.currency in (None, order.currency)
            and order.total >= self.min_total
        )


class Problem(BaseModel):
    code: str
    message: str
    fields: list[str] | None = None


class Refusal(BaseModel):
    """The one envelope of every answer from 400 on."""

    error: Problem


class BodyLimit:
    """Middleware: a body that grows beyond ``most`` bytes is a 413, whatever its headers say about its length."""

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


def json_only(content_type: Annotated[str, Header()] = "") -> None:
    """Dependency: refuses a body of another media type."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send application/json")


def documented(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """Refusals as the OpenAPI document shows them."""
    return {status: {"model": Refusal} for status in statuses}


def create_app(*, new_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> FastAPI:
    """The service, ready for uvicorn. Orders are kept in memory, in the app; ``new_id`` makes their ids."""
    orders: dict[str, Order] = {}
    made_for: dict[str, tuple[NewOrder, Order]] = {}  # by Idempotency-Key
    app = FastAPI(title="Orders")
    app.add_middleware(BodyLimit, most=MAX_BODY_BYTES)
    _explain_refusals(app)

    @app.post("/orders", status_code=201, dependencies=[Depends(json_only)], responses=documented([409, 413, 415, 422]))
    def create(
        asked: NewOrder, response: Response, idempotency_key: Annotated[str | None, Header()] = None
    ) -> Order:
        # Nothing is awaited from here to the end, so no other request comes in between.
        first, order = made_for.get(idempotency_key or "", (asked, None))
        if first != asked:
            raise HTTPException(409, "this Idempotency-Key was used for another order")
        if order is None:
            total = sum(item.quantity * item.unit_price for item in asked.items)
            order = Order(**dict(asked), id=new_id(), total=total)
            orders[order.id] = order
            if idempotency_key:
                made_for[idempotency_key] = asked, order
        response.headers["Location"] = f"/orders/{order.id}"
        return order

    @app.get("/orders/{order_id}", responses=documented([404]))
    async def find(order_id: str) -> Order:
        if order_id not in orders:
            raise HTTPException(404, "there is no order with this id")
        return orders[order_id]

    @app.get("/orders", responses=documented([422]))
    async def search(filters: Annotated[Filters, Query()]) -> Page:
        found = [order for order in orders.values() if filters.keeps(order)]
        return Page(orders=found[filters.offset :][: filters.limit], count=len(found))

    return app


def _explain_refusals(app: FastAPI) -> None:
    """Every refusal has the same envelope, those of the framework included."""

    def refuse(status: int, code: str, message: str, fields: Iterable[str] | None = None, headers: Any = None) -> Any:
        problem = Problem(code=code, message=message, fields=None if fields is None else sorted(fields))
        return JSONResponse({"error": problem.model_dump(exclude_none=True)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        faults = error.errors()
        if faults[0]["type"] == "json_invalid":
            return refuse(422, "invalid_json", "the body is not JSON")
        paths = {".".join(map(str, fault["loc"][1:])) for fault in faults}
        return refuse(422, "invalid_request", "some values are not as they must be", paths - {""})

    @app.exception_handler(StarletteHTTPException)
    async def refused(_: Request, error: StarletteHTTPException) -> Response:
        if error.status_code == 400:  # how FastAPI answers a body that breaks its parser
            return refuse(422, "invalid_json", "the body is not JSON")
        code = CODES.get(error.status_code) or HTTPStatus(error.status_code).name.lower()
        return refuse(error.status_code, code, error.detail, headers=error.headers)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        return refuse(500, "internal_error", "something went wrong on our side")


CODES = {409: "idempotency_conflict", 413: "too_large"}
