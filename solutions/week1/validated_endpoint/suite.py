"""Hidden suite of validated_endpoint. Statement: exercises/week1/validated_endpoint/README.md."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check

MAX_BODY_BYTES = 16_384
MOST = 10**15  # minor units for one piece
SECRET = "no route to db-7.internal, password=hunter2"  # what a failing part says
MISSING = object()

FIELDS = {"id", "status", "customer", "currency", "items", "note", "total"}
ORDER = {
    "customer": "Ada",
    "currency": "EUR",
    "items": [{"sku": "PEN-1", "quantity": 3, "unit_price": 110}, {"sku": "INK", "quantity": 1, "unit_price": 29}],
}

ITEMS = st.fixed_dictionaries(
    {
        "sku": st.text("ABZ059-", min_size=1, max_size=20),
        "quantity": st.integers(1, 1000),
        "unit_price": st.integers(0, MOST),
    }
)
TEXT = st.characters(exclude_categories=["Cs"])
ORDERS = st.fixed_dictionaries(
    {
        "customer": st.text(TEXT, min_size=1, max_size=100),
        "currency": st.sampled_from(["EUR", "USD", "GBP"]),
        "items": st.lists(ITEMS, min_size=1, max_size=4),
    },
    optional={"note": st.none() | st.text(TEXT, max_size=30)},
)

#: For each field, values that are not allowed: of another type, and just outside its bounds.
NOT_TEXT = [None, 5, True, [], {}, ["Ada"]]
NOT_INT = [None, "", "three", [], {}, [3], 1.5, 1e300]
OUTSIDE: dict[str, list[Any]] = {
    "customer": [*NOT_TEXT, "", "x" * 101, "\N{OWL}" * 101],
    "currency": [*NOT_TEXT, "", "eur", "CHF", "EUR "],
    "note": [5, True, [], {}, "x" * 501],
    "items": [None, 5, "", {}, [], [ORDER["items"][0]] * 51],
    "items.0": [None, 5, "PEN-1", []],
    "items.0.sku": [*NOT_TEXT, "", "x", "PEN 1", "PEN-1\n", "\nPEN-1", "PEN_1", "A" * 21, "\u00c4", "\u0661"],
    "items.1.quantity": [*NOT_INT, 0, -1, 1001, 10**30],
    "items.1.unit_price": [*NOT_INT, -1, MOST + 1, 10**30],
}
WRONG_VALUES = [(path, value) for path, values in OUTSIDE.items() for value in values]


@check(
    "an order is created, with 201 and its Location, and is found again by its id",
    points=12,
    stage="core",
    hint="Does the answer have the fields of the contract, no more and no fewer, with the values that were sent?",
)
def test_create(web):
    site = web.serve("create_app")
    ids = set()

    @settings(max_examples=25)
    @given(ORDERS)
    @example(ORDER)
    @example(ORDER | {"customer": "\N{OWL}" * 100, "note": "x" * 500})
    @example(ORDER | {"note": None, "items": [{"sku": "A" * 20, "quantity": 1000, "unit_price": 0}] * 50})
    @example(ORDER | {"customer": " \x00 ", "note": "", "items": [{"sku": "-", "quantity": 1, "unit_price": MOST}]})
    def created_and_found(order):
        made, reply = create(site, order)
        same_order(made, order)
        assert made["id"] not in ids, f"two orders have the id {made['id']}"
        ids.add(made["id"])
        assert reply.headers.get("Location") == f"/orders/{made['id']}"
        found = answered(site.client.get(f"/orders/{made['id']}"), 200)
        assert found == made

    created_and_found()
    refused(site.client.get("/orders/nothing-here"), 404, "not_found")


@check(
    "a value that is not allowed is a 422 that names its field",
    points=9,
    stage="core",
    hint="Check each bound on both sides, and the pattern from the first character to the last.",
)
def test_wrong_values(web):
    site = web.serve("create_app")
    create(site, ORDER)
    for path, value in WRONG_VALUES:
        names(post(site, changed(ORDER, path, value)), {path}, f"{path} = {shown(value)}")

    @settings(max_examples=20)
    @given(st.lists(st.sampled_from(WRONG_VALUES), min_size=1, max_size=3, unique_by=lambda wrong: wrong[0]))
    @example([("customer", 5), ("items.0.sku", "x"), ("items.1.quantity", 0)])
    def all_are_named(wrong):
        paths = {path for path, _ in wrong}
        if paths & {"items", "items.0"}:
            return
        order = ORDER
        for path, value in wrong:
            order = changed(order, path, value)
        names(post(site, order), paths, " and ".join(f"{path} = {shown(value)}" for path, value in wrong))

    all_are_named()
    assert answered(site.client.get("/orders"), 200).get("count") == 1, "an order that was refused was kept"


@check(
    'nothing is converted: "12", 12.0 and true are not 12',
    points=9,
    stage="core",
    hint="Pydantic converts unless it is told to be strict. What is bool to isinstance?",
)
def test_strict(web):
    site = web.serve("create_app")
    create(site, ORDER)
    for path in ("items.0.quantity", "items.0.unit_price"):
        for value in ("12", "1", 12.0, 1.0, True, False, 1e2):
            names(post(site, changed(ORDER, path, value)), {path}, f"{path} = {shown(value)}")
    for path in ("customer", "note", "currency", "items.0.sku"):
        for value in (12, 1.5, True, ["EUR"]):
            names(post(site, changed(ORDER, path, value)), {path}, f"{path} = {shown(value)}")


@check(
    "fields that are missing or unknown are refused, and all of them are named",
    points=8,
    stage="core",
    hint="A misspelt optional field is an unknown one. Which of several faults does your answer tell?",
)
def test_missing_and_unknown(web):
    site = web.serve("create_app")
    create(site, ORDER)
    for path in ("customer", "currency", "items", "items.0.sku", "items.1.quantity", "items.1.unit_price"):
        names(post(site, changed(ORDER, path, MISSING)), {path}, f"no {path}")
    for path in ("total", "id", "status", "notes", "Customer", "items.0.price", "items.1.note"):
        names(post(site, changed(ORDER, path, 1)), {path}, f"the unknown field {path}")
    names(post(site, {}), {"customer", "currency", "items"}, "an empty object")
    several = changed(changed(changed(ORDER, "items.1.sku", MISSING), "items.0.colour", "red"), "coupon", None)
    names(post(site, several), {"items.1.sku", "items.0.colour", "coupon"}, "one missing and two unknown fields")
    for body in ([], [ORDER], None, 5, "order", True):
        names(post(site, body), set(), f"a body that is {shown(body)}")


@check(
    "money is whole minor units, exact to the last cent",
    points=7,
    stage="core",
    hint="What is 0.29 * 100 in floating point? And which is the largest integer that a float holds exactly?",
)
def test_money(web):
    site = web.serve("create_app")

    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, MOST) | st.integers(0, 1000)), min_size=1))
    @example([(3, 110)])
    @example([(1, 29)])
    @example([(1, 57), (1, 1), (7, 115)])
    @example([(1000, MOST), (1, 1)])
    @example([(1, 0)])
    def exact(lines):
        items = [{"sku": "X", "quantity": quantity, "unit_price": price} for quantity, price in lines[:50]]
        made, _ = create(site, ORDER | {"items": items})
        expected = sum(quantity * price for quantity, price in lines[:50])
        total = made.get("total")
        right = type(total) is int and total == expected
        assert right, f"the total of (quantity, unit_price) {lines[:50]} is {total!r}, expected {expected}"

    exact()


@check(
    "the list filters, counts and pages, oldest first",
    points=8,
    stage="core",
    hint="Filter, then count, then cut out the page. What happens to a parameter that nobody knows?",
)
def test_list(web):
    site = web.serve("create_app")
    assert answered(site.client.get("/orders"), 200) == {"orders": [], "count": 0}
    orders = []
    for number in range(24):
        sent = {"customer": f"c{number % 2}", "currency": ("EUR", "USD", "GBP")[number % 3]}
        items = [{"sku": "X", "quantity": 1, "unit_price": number * 7 % 24}]
        orders.append(create(site, ORDER | sent | {"items": items})[0])
    page(site, {}, orders[:20], 24)
    for limit, offset in ((1, 0), (20, 4), (20, 5), (100, 0), (5, 23), (5, 24), (3, 1000)):
        page(site, {"limit": limit, "offset": offset}, orders[offset : offset + limit], 24)

    @settings(max_examples=15)
    @given(st.sampled_from(["", "c0", "c1", "nobody"]), st.sampled_from(["", "EUR", "GBP"]), st.integers(0, 25))
    @example("c1", "USD", 7)
    @example("", "", 23)
    def filtered(customer, currency, least):
        query = {"customer": customer, "currency": currency, "min_total": least, "limit": 3, "offset": 1}
        found = [
            order
            for order in orders
            if order["customer"] in (customer or order["customer"])
            and order["currency"] in (currency or order["currency"])
            and order["total"] >= least
        ]
        page(site, {name: value for name, value in query.items() if value != ""}, found[1:4], len(found))

    filtered()


@check(
    "a request that comes twice with one Idempotency-Key makes one order",
    points=7,
    stage="core",
    hint="What must be remembered with the key? Is it the bytes that must be the same, or the order?",
)
def test_idempotency(web):
    site = web.serve("create_app")
    first, _ = create(site, ORDER, key="k-1")
    other_way = json.dumps({"note": None} | dict(reversed(ORDER.items())), indent=3)
    for again in (post(site, ORDER, key="k-1"), post_raw(site, other_way.encode(), key="k-1")):
        assert answered(again, 201) == first
        assert again.headers.get("Location") == f"/orders/{first['id']}"
    for path, value in (("customer", "Bob"), ("items.1.quantity", 2), ("note", "fast"), ("currency", "USD")):
        refused(post(site, changed(ORDER, path, value), key="k-1"), 409, "idempotency_conflict")
    assert answered(post(site, ORDER, key="k-1"), 201) == first
    for key in ("k-2", ""):
        other, _ = create(site, ORDER, key=key)
        assert other["id"] != first["id"], f"a request with {key or 'no key'} was given the order of k-1"
    names(post(site, changed(ORDER, "customer", 5), key="k-3"), {"customer"}, "customer = 5")
    create(site, ORDER, key="k-3")
    assert answered(site.client.get("/orders"), 200).get("count") == 4


@check(
    "what is not JSON is a 422, however it is broken",
    points=7,
    stage="robust",
    hint="Which exceptions can a JSON parser raise? And what if your answer quotes what cannot be encoded?",
)
def test_not_json(web):
    site = web.serve("create_app")
    create(site, ORDER)
    good = json.dumps(ORDER).encode()
    for body in (
        b"{",
        good[:-1],
        good + b"x",
        b"customer=Ada",
        b"{'customer': 1}",
        b"\xff\xfe\xfd",
        b'{"customer": "\xe9"}',
    ):
        refused(post_raw(site, body), 422, "invalid_json")
    for body in (
        b"",
        b"[" * 16_000,
        b'{"customer":' * 1_300,
        good.replace(b"110", b"NaN"),
        good.replace(b"110", b"-Infinity"),
        good.replace(b"110", b"9" * 5_000),
        good.replace(b'"Ada"', b"[" * 10_000 + b"]" * 5_000),
        good.replace(b"Ada", rb"\ud800"),
        good.replace(b"Ada", rb"\udc00\ud800"),
        good.replace(b'"customer"', rb'"\ud800"'),
    ):
        refused(post_raw(site, body), 422, "invalid_json", "invalid_request")
    create(site, ORDER)


@check(
    "only application/json is taken",
    points=4,
    stage="robust",
    hint="Parameters may follow the media type, and its case does not matter.",
)
def test_media_type(web):
    site = web.serve("create_app")
    body = json.dumps(ORDER).encode()
    for media in ("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"):
        answered(post_raw(site, body, media=media), 201)
    for media in (
        *("text/plain", "application/x-www-form-urlencoded", "application/xml", "application/jsonp", "json"),
        *("application/vnd.api+json", "text/plain; application/json", ""),
    ):
        refused(post_raw(site, body, media=media), 415, "unsupported_media_type")
    assert answered(site.client.get("/orders"), 200).get("count") == 3


@check(
    "a body of more than 16384 bytes is a 413, with or without a Content-Length",
    points=6,
    stage="robust",
    hint="A chunked body has no Content-Length: count the bytes as they come.",
)
async def test_size(subject, web, driver):
    site = web.serve("create_app")
    body = json.dumps(ORDER).encode()
    for size in (len(body), MAX_BODY_BYTES - 1, MAX_BODY_BYTES):
        answered(post_raw(site, body.ljust(size)), 201)
        answered(post_raw(site, chunks(body.ljust(size))), 201)
    app = subject.create_app()
    for size, status in ((MAX_BODY_BYTES, 201), (MAX_BODY_BYTES + 1, 413), (3 * MAX_BODY_BYTES, 413)):
        got, text = await driver.post_in_pieces(app, "/orders", list(chunks(body.ljust(size))))
        assert got == status, f"{size} bytes in pieces of 4096 were answered {got}, expected {status}: {text[:200]}"
    for size in (MAX_BODY_BYTES + 1, 3 * MAX_BODY_BYTES):
        refused(post_raw(site, body.ljust(size)), 413, "too_large")
        refused(post_raw(site, chunks(body.ljust(size))), 413, "too_large")
    assert answered(site.client.get("/orders"), 200).get("count") == 6


@check(
    "every refusal has the one envelope, the framework's own included",
    points=5,
    stage="robust",
    hint="Who answers a path that no route has, a wrong method, a query that does not validate?",
)
def test_envelope(web):
    site = web.serve("create_app")
    create(site, ORDER)
    refused(site.client.get("/nowhere"), 404, "not_found")
    refused(site.client.get("/orders/a%00b"), 404, "not_found")
    refused(site.client.request("DELETE", "/orders"), 405, "method_not_allowed")
    refused(site.client.request("PUT", "/orders/1", json=ORDER), 405, "method_not_allowed")
    for query, fields in (
        ("limit=0", {"limit"}),
        ("limit=101", {"limit"}),
        ("limit=many&offset=-1", {"limit", "offset"}),
        ("min_total=-1", {"min_total"}),
        ("currency=CHF", {"currency"}),
        ("custmer=Ada", {"custmer"}),
    ):
        names(site.client.get(f"/orders?{query}"), fields, f"?{query}")
    answered(site.client.get("/orders?limit=100&offset=0&min_total=0&currency=EUR&customer=Ada"), 200)


@check(
    "requests that race with one Idempotency-Key make one order",
    points=3,
    stage="robust",
    hint="Between looking for the key and writing it down, can another request come in?",
)
async def test_race(web, driver):
    ids = driver.Ids()
    site = web.serve("create_app", new_id=ids)
    ids.wait_for_company = True
    async with site.async_client() as client:
        replies = await asyncio.gather(
            *(client.post("/orders", json=ORDER, headers={"Idempotency-Key": "k-1"}) for _ in range(8))
        )
    ids.wait_for_company = False
    made = {answered(reply, 201).get("id") for reply in replies}
    assert len(made) == 1, f"8 requests with one Idempotency-Key were answered with {len(made)} different orders"
    assert answered(site.client.get("/orders"), 200).get("count") == 1


@check(
    "an unexpected error is a 500 that tells nothing, and the service goes on",
    points=8,
    stage="production",
    hint="What do your users learn from str(error), and what do attackers?",
)
def test_unexpected(web, driver):
    ids = driver.Ids()
    site = web.serve("create_app", new_id=ids)
    first, _ = create(site, ORDER, key="k-1")
    assert first["id"] == "order-1", f"new_id gave 'order-1', and the order's id is {first['id']!r}"
    ids.failure = SECRET
    reply = post(site, ORDER, key="k-2")
    refused(reply, 500, "internal_error")
    told = reply.text + str(reply.headers)
    for word in ("hunter2", "db-7", "Traceback", "RuntimeError", ".py"):
        assert word not in told, f"the 500 gives away {word!r}"
    assert answered(post(site, ORDER, key="k-1"), 201) == first
    ids.failure = ""
    assert create(site, ORDER, key="k-2")[0]["id"] != first["id"]
    assert answered(site.client.get("/orders"), 200).get("count") == 2


@check(
    "the OpenAPI document says what the endpoints do",
    points=7,
    stage="production",
    hint="Look at /openapi.json: which statuses does it know, and what does it say their bodies are?",
)
def test_openapi(web):
    site = web.serve("create_app")
    create(site, ORDER)
    document = answered(site.client.get("/openapi.json"), 200)
    paths = {path.partition("{")[0]: operations for path, operations in part(document, document, "paths").items()}
    for method, path, success, refusals in (
        ("post", "/orders", 201, (409, 413, 415, 422)),
        ("get", "/orders/", 200, (404,)),
        ("get", "/orders", 200, (422,)),
    ):
        answers = part(document, paths, path, method, "responses")
        for status in (success, *refusals):
            assert str(status) in answers, (
                f"{method.upper()} {path} may answer {status}, which /openapi.json does not say"
            )
        for status in refusals:
            schema = part(document, answers, str(status), "content", "application/json", "schema")
            has = set(part(document, schema, "properties"))
            assert has == {"error"}, f"/openapi.json says that the body of a {status} has the fields {sorted(has)}"
            error = set(part(document, schema, "properties", "error", "properties"))
            assert error >= {"code", "message"}, f"/openapi.json says that error has the fields {sorted(error)}"
        if path != "/orders" or success == 201:
            schema = part(document, answers, str(success), "content", "application/json", "schema")
            has = set(part(document, schema, "properties"))
            assert has == FIELDS, f"/openapi.json says that an order has the fields {sorted(has)}"
    body = part(document, paths, "/orders", "post", "requestBody", "content", "application/json", "schema")
    assert set(part(document, body, "properties")) == {"customer", "currency", "items", "note"}
    item = part(document, body, "properties", "items", "items")
    for what, schema in (("the body", body), ("an item", item)):
        more = part(document, schema).get("additionalProperties", True)
        assert more is False, f"/openapi.json does not say that {what} takes no other fields"


# --- Helpers


def post(site, order: Any, key: str = ""):
    return post_raw(site, json.dumps(order).encode(), key=key)


def post_raw(site, body: Any, *, key: str = "", media: str = "application/json"):
    headers = {"Content-Type": media} if media else {}
    return site.client.post("/orders", content=body, headers=headers | ({"Idempotency-Key": key} if key else {}))


def chunks(body: bytes):
    """The body in pieces, which httpx sends without a Content-Length."""
    return (body[start : start + 4096] for start in range(0, len(body), 4096))


def create(site, order: dict[str, Any], key: str = ""):
    """The order that was made, and the answer."""
    reply = post(site, order, key)
    made = answered(reply, 201)
    right = isinstance(made.get("id"), str) and made["id"] != ""
    assert right, f"the id of an order is {made.get('id')!r}, expected a string"
    return made, reply


def same_order(made: dict[str, Any], sent: dict[str, Any]) -> None:
    assert set(made) == FIELDS, f"the order was answered with the fields {sorted(made)}, expected {sorted(FIELDS)}"
    total = sum(item["quantity"] * item["unit_price"] for item in sent["items"])
    for name, value in ({"status": "new", "note": None} | sent | {"total": total}).items():
        assert made[name] == value, f"{name} is {shown(made[name])}, expected {shown(value)}"


def changed(order: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at ``path``, or without it where it is MISSING."""
    made = copy.deepcopy(order)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = made
    for step in way:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return made


def asked(reply) -> str:
    return f"{reply.request.method} {reply.request.url.raw_path.decode()[:100]}"


def answered(reply, status: int) -> dict[str, Any]:
    """The JSON object of an answer with that status."""
    assert reply.status_code == status, (
        f"{asked(reply)} was answered {reply.status_code}, expected {status}: {reply.text[:300]}"
    )
    body = reply.json()
    assert isinstance(body, dict), f"{asked(reply)} was not answered with a JSON object: {reply.text[:300]}"
    return body


def refused(reply, status: int, *codes: str) -> dict[str, Any]:
    """The error of an answer that has the envelope."""
    error = answered(reply, status).get("error")
    right = isinstance(error, dict) and error.get("code") in codes and isinstance(error.get("message"), str)
    right = right and set(error) - {"code", "message"} == ({"fields"} if error["code"] == "invalid_request" else set())
    expected = {"error": {"code": " or ".join(codes), "message": "..."}}
    assert right, f"the body of the {status} to {asked(reply)} is {reply.text[:300]}, expected {expected}"
    return error if isinstance(error, dict) else {}


def names(reply, fields: set[str], what: str) -> None:
    """Hold a 422 against the fields that it must name."""
    status = reply.status_code
    assert status == 422, f"{what} was answered {status}, expected 422: {reply.text[:200]}"
    got = refused(reply, 422, "invalid_request").get("fields")
    right = isinstance(got, list) and sorted(map(str, got)) == sorted(fields)
    assert right, f"{what}: the 422 has fields = {got}, expected {sorted(fields)}"


def page(site, query: dict[str, Any], orders: list[Any], count: int) -> None:
    reply = site.client.get("/orders", params=query)
    body = answered(reply, 200)
    assert set(body) == {"orders", "count"}
    got = [order.get("id") for order in body["orders"]]
    expected = [order["id"] for order in orders]
    assert got == expected, f"{asked(reply)} lists {got}, expected {expected}"
    assert body["orders"] == orders
    assert body["count"] == count, f"count of {asked(reply)} is {body['count']}, expected {count}"


def part(document: dict[str, Any], start: dict[str, Any], *way: str) -> dict[str, Any]:
    """What the OpenAPI document holds at the end of the way from ``start``, references followed."""
    place = resolved(document, start)
    for step in way:
        found = place.get(step)
        assert isinstance(found, dict), f"/openapi.json has nothing at {' > '.join(way)}"
        place = resolved(document, found)
    return place


def resolved(document: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in place:
        target: Any = document
        for step in str(place["$ref"]).removeprefix("#/").split("/"):
            target = target.get(step, {})
        place = target
    return place


def shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) < 80 else f"{text[:40]}... ({len(text)} characters)"
