"""The body is read and validated by a dependency, pydantic's own parser does both; endpoints run in threads."""

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr, StringConstraints, ValidationError
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)


class Item(BaseModel, extra="forbid"):
    sku: Annotated[StrictStr, StringConstraints(pattern="^[-0-9A-Z]+$", max_length=20)]
    quantity: StrictInt = Field(gt=0, lt=1001)
    unit_price: StrictInt = Field(ge=0, le=1_000_000_000_000_000)


class Asked(BaseModel, extra="forbid"):
    customer: StrictStr = Field(min_length=1, max_length=100)
    currency: Literal["EUR", "USD", "GBP"]
    items: list[Item] = Field(min_length=1, max_length=50, strict=True)
    note: StrictStr | None = Field(None, max_length=500)


class Answered(BaseModel):
    id: str
    status: str
    customer: str
    currency: str
    items: list[Item]
    note: str | None
    total: int


class Found(BaseModel):
    orders: list[Answered]
    count: int


class Error(BaseModel):
    code: str
    message: str
    fields: list[str] = []


class Envelope(BaseModel):
    error: Error


@dataclass
class Stored:
    """An order with what is nobody's business."""

    id: str
    status: str
    customer: str
    currency: str
    items: list[dict[str, Any]]
    note: str | None
    total: int
    idempotency_key: str | None
    asked: Asked


class Problem(Exception):
    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"code": code, "message": message}
        if fields is not None:
            self.error["fields"] = fields


def paths(errors: Any, skip: int) -> list[str]:
    return sorted({".".join(str(step) for step in error["loc"][skip:]) for error in errors if len(error["loc"]) > skip})


async def asked(request: Request) -> Asked:
    media = request.headers.get("content-type", "")
    if media.split(";")[0].strip().casefold() != "application/json":
        raise Problem(415, "unsupported_media_type", f"{media or 'nothing'} is not application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > 16_384:
            raise Problem(413, "too_large", "at most 16384 bytes, please")
    try:
        return Asked.model_validate_json(bytes(body))
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            raise Problem(422, "invalid_json", errors[0]["msg"]) from None
        raise Problem(422, "invalid_request", "see fields", paths(errors, 0)) from None


class Filters(BaseModel, extra="forbid"):
    customer: str | None = None
    currency: Literal["EUR", "USD", "GBP"] | None = None
    min_total: int = Field(0, ge=0)
    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0)


def create_app(*, new_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> FastAPI:
    app = FastAPI()
    lock = threading.Lock()
    orders: list[Stored] = []

    def described(*statuses: int) -> Any:
        return {status: {"model": Envelope} for status in statuses}

    # The schema is not derived from a parameter, so the document is told about it.
    body = Asked.model_json_schema(ref_template="#/components/schemas/{model}")
    body.pop("$defs")

    @app.post(
        "/orders",
        status_code=201,
        response_model=Answered,
        responses=described(409, 413, 415, 422),
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}},
    )
    def create(
        order: Annotated[Asked, Depends(asked)], response: Response, idempotency_key: str | None = Header(None)
    ) -> Any:
        with lock:
            made = next((one for one in orders if idempotency_key and one.idempotency_key == idempotency_key), None)
            if made is None:
                total = sum(item.unit_price * item.quantity for item in order.items)
                content = order.model_dump()
                made = Stored(new_id(), "new", total=total, idempotency_key=idempotency_key, asked=order, **content)
                orders.append(made)
            elif made.asked != order:
                raise Problem(409, "idempotency_conflict", "this key belongs to another order")
        response.headers["Location"] = f"/orders/{made.id}"
        return made

    @app.get("/orders/{wanted}", response_model=Answered, responses=described(404))
    def find(wanted: str) -> Any:
        for order in orders:
            if order.id == wanted:
                return order
        raise Problem(404, "not_found", "no such order")

    @app.get("/orders", response_model=Found, responses=described(422))
    def search(filters: Annotated[Filters, Query()]) -> Any:
        found = [order for order in orders if order.total >= filters.min_total]
        if filters.customer is not None:
            found = [order for order in found if order.customer == filters.customer]
        if filters.currency is not None:
            found = [order for order in found if order.currency == filters.currency]
        return {"orders": found[filters.offset : filters.offset + filters.limit], "count": len(found)}

    @app.middleware("http")
    async def last_resort(request: Request, call_next: Any) -> Response:
        try:
            answer: Response = await call_next(request)
        except Exception:
            log.exception("unexpected")
            error = {"code": "internal_error", "message": "this should not have happened"}
            return JSONResponse({"error": error}, 500)
        return answer

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return JSONResponse({"error": error.error}, error.status)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return await problem(request, Problem(422, "invalid_request", "see fields", paths(error.errors(), 1)))

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        code = "not_found" if error.status_code == 404 else "method_not_allowed"
        return await problem(request, Problem(error.status_code, code, error.detail))

    return app
