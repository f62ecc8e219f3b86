"""Starlette and the standard library: every rule is a line of code, and the OpenAPI document is written out."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MAX_BODY_BYTES = 16_384
CURRENCIES = ("EUR", "USD", "GBP")
SKU = re.compile(r"[A-Z0-9-]{1,20}")


class Refused(Exception):
    def __init__(self, status: int, code: str, fields: list[str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.fields = status, code, fields


def is_text(value: Any, least: int, most: int) -> bool:
    if not isinstance(value, str) or not least <= len(value) <= most:
        return False
    return not any(0xD800 <= ord(letter) < 0xE000 for letter in value)


def is_int(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


ITEM: dict[str, Callable[[Any], bool]] = {
    "sku": lambda value: isinstance(value, str) and bool(SKU.fullmatch(value)),
    "quantity": lambda value: is_int(value, 1, 1000),
    "unit_price": lambda value: is_int(value, 0, 10**15),
}
ORDER: dict[str, Callable[[Any], bool]] = {
    "customer": lambda value: is_text(value, 1, 100),
    "currency": lambda value: isinstance(value, str) and value in CURRENCIES,
    "items": lambda value: isinstance(value, list) and 1 <= len(value) <= 50,
    "note": lambda value: value is None or is_text(value, 0, 500),
}


def faults(value: dict[str, Any], rules: dict[str, Callable[[Any], bool]], optional: str = "") -> Iterator[str]:
    yield from (name for name in value if name not in rules)
    for name, allows in rules.items():
        if name not in value:
            if name != optional:
                yield name
        elif not allows(value[name]):
            yield name


def all_faults(body: Any) -> list[str]:
    found = list(faults(body, ORDER, optional="note"))
    items = body.get("items")
    if isinstance(items, list) and "items" not in found:
        for number, item in enumerate(items):
            if isinstance(item, dict):
                found += [f"items.{number}.{name}" for name in faults(item, ITEM)]
            else:
                found.append(f"items.{number}")
    return found


async def body_of(request: Request) -> dict[str, Any]:
    if request.headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
        raise Refused(415, "unsupported_media_type")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise Refused(413, "too_large")
    try:
        parsed = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Refused(422, "invalid_json") from None
    if not isinstance(parsed, dict):
        raise Refused(422, "invalid_request", [])
    if found := all_faults(parsed):
        raise Refused(422, "invalid_request", [name.encode("ascii", "replace").decode() for name in found])
    return parsed


def filters_of(request: Request) -> dict[str, Any]:
    filters: dict[str, Any] = {"customer": None, "currency": None, "min_total": 0, "limit": 20, "offset": 0}
    bounds = {"min_total": (0, 10**30), "limit": (1, 100), "offset": (0, 10**30)}
    wrong = []
    for name, text in request.query_params.items():
        if name in bounds:
            least, most = bounds[name]
            if text.isdecimal() and text.isascii() and len(text) < 30 and least <= int(text) <= most:
                filters[name] = int(text)
                continue
        elif name == "customer" or (name == "currency" and text in CURRENCIES):
            filters[name] = text
            continue
        wrong.append(name)
    if wrong:
        raise Refused(422, "invalid_request", wrong)
    return filters


class Orders:
    def __init__(self, new_id: Callable[[], str]) -> None:
        self.new_id = new_id
        self.all: list[dict[str, Any]] = []
        self.by_key: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    async def create(self, request: Request) -> Response:
        asked = {"note": None} | await body_of(request)
        key = request.headers.get("Idempotency-Key")
        before = self.by_key.get(key) if key else None
        if before and before[0] != asked:
            raise Refused(409, "idempotency_conflict")
        if before:
            order = before[1]
        else:
            total = sum(item["quantity"] * item["unit_price"] for item in asked["items"])
            order = {"id": self.new_id(), "status": "new", **asked, "total": total}
            self.all.append(order)
            if key:
                self.by_key[key] = asked, order
        return JSONResponse(order, 201, headers={"Location": f"/orders/{order['id']}"})

    async def find(self, request: Request) -> Response:
        for order in self.all:
            if order["id"] == request.path_params["id"]:
                return JSONResponse(order)
        raise Refused(404, "not_found")

    async def search(self, request: Request) -> Response:
        filters = filters_of(request)
        found = [
            order
            for order in self.all
            if filters["customer"] in (None, order["customer"])
            and filters["currency"] in (None, order["currency"])
            and order["total"] >= filters["min_total"]
        ]
        first = filters["offset"]
        return JSONResponse({"orders": found[first : first + filters["limit"]], "count": len(found)})


async def refused(request: Request, error: Any) -> Response:
    problem = {"code": error.code, "message": f"refused: {error.code}"}
    return JSONResponse({"error": problem | ({} if error.fields is None else {"fields": error.fields})}, error.status)


async def unrouted(request: Request, error: Any) -> Response:
    code = {404: "not_found", 405: "method_not_allowed"}[error.status_code]
    return JSONResponse({"error": {"code": code, "message": error.detail}}, error.status_code, error.headers)


async def unexpected(request: Request, error: Any) -> Response:
    return JSONResponse({"error": {"code": "internal_error", "message": "please try again later"}}, 500)


def schema(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}, "description": name}


def document() -> dict[str, Any]:
    number = {"type": "integer"}
    item = {"sku": {"type": "string"}, "quantity": number, "unit_price": number}
    new = {
        "customer": {"type": "string"},
        "currency": {"enum": list(CURRENCIES)},
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
        "note": {"type": ["string", "null"]},
    }
    order = new | {"id": {"type": "string"}, "status": {"const": "new"}, "total": {"type": "integer"}}
    strings = {"code": {"type": "string"}, "message": {"type": "string"}}
    error = {"type": "object", "properties": strings | {"fields": {"type": "array", "items": {"type": "string"}}}}
    no_more = {"type": "object", "additionalProperties": False}

    def answers(success: int, name: str, *refusals: int) -> dict[str, Any]:
        return {"responses": {str(success): schema(name)} | {str(status): schema("Error") for status in refusals}}

    return {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": "1"},
        "paths": {
            "/orders": {
                "get": answers(200, "Orders", 422),
                "post": {"requestBody": schema("NewOrder"), **answers(201, "Order", 409, 413, 415, 422)},
            },
            "/orders/{id}": {"get": answers(200, "Order", 404)},
        },
        "components": {
            "schemas": {
                "Item": no_more | {"properties": item},
                "NewOrder": no_more | {"properties": new},
                "Order": {"type": "object", "properties": order},
                "Orders": {"type": "object"},
                "Error": {"type": "object", "properties": {"error": error}},
            }
        },
    }


def create_app(*, new_id: Callable[[], str] = lambda: str(uuid.uuid4())) -> Starlette:
    orders = Orders(new_id)

    async def describe(request: Request) -> Response:
        return JSONResponse(document())

    return Starlette(
        routes=[
            Route("/orders", orders.create, methods=["POST"]),
            Route("/orders", orders.search, methods=["GET"]),
            Route("/orders/{id}", orders.find, methods=["GET"]),
            Route("/openapi.json", describe, methods=["GET"]),
        ],
        exception_handlers={Refused: refused, HTTPException: unrouted, Exception: unexpected},
    )
