"""Hidden suite of production_api. Statement: exercises/week1/production_api/README.md."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from email.utils import formatdate
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check

SHOP, ADMIN = "https://shop.example", "https://admin.shop.example:8443"
PROXIES = ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]
LIMIT = 1000  # bytes of a body
DEPRECATED, SUNSET = 1_700_000_000, 1_900_000_000
CENTS = {"7": 1999, "8": 5, "9": 120_000}
SECRET = "db-7.internal says no, password=hunter2"  # what a failing part says

#: Addresses, of trusted proxies and of others, and what is no address.
HOPS = st.sampled_from(
    ["10.1.2.3", "10.255.0.1", "192.0.2.7", "fd00::5", "192.0.2.8", "198.51.100.4", "203.0.113.9", "2001:db8::1"]
)
ODD_HOPS = st.sampled_from(["", "unknown", "10.0.0.256", "198.51.100.4:80", "<script>"])

SECURITY = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@check(
    "both versions answer side by side, each in its own shape",
    points=9,
    stage="core",
    hint="What may never change for those who use /v1?",
)
def test_versions(subject, web, driver):
    site, _, _ = serve(subject, web, driver)
    for product_id, cents in CENTS.items():
        name = f"Product {product_id}"
        old = answered(site.client.get(f"/v1/products/{product_id}"), 200)
        assert old == {"id": product_id, "name": name, "price": cents / 100}
        new = answered(site.client.get(f"/v2/products/{product_id}"), 200)
        assert new == {"id": product_id, "name": name, "price": {"cents": cents, "currency": "EUR"}}
    for version in ("v1", "v2"):
        assert answered(feedback(site, "Grüße", version), 202) == {"received": 5}
        refused(site.client.get(f"/{version}/products/10"), 404, "not_found")
    answered(site.client.get("/v2/client"), 200)
    refused(site.client.get("/v1/client"), 404, "not_found")


@check(
    "every answer of /v1 says that it is deprecated and until when, and no other does",
    points=8,
    stage="core",
    hint="Also what the router, the body limit or an exception answered under /v1/.",
)
def test_deprecation(subject, web, driver):
    site, products, _ = serve(subject, web, driver)
    for reply, path in (
        (site.client.get("/v1/products/7"), "products/7"),
        (site.client.get("/v1/products/10"), "products/10"),
        (site.client.get("/v1/nothing/here"), "nothing/here"),
        (site.client.delete("/v1/feedback"), "feedback"),
        (feedback(site, "fine", "v1"), "feedback"),
        (feedback(site, "x" * LIMIT, "v1"), "feedback"),
        (site.client.post("/v1/feedback", json={}), "feedback"),
    ):
        deprecated(reply, path)
    for path in ("/v2/products/7", "/v10/products/7", "/healthz", "/v1", "/nowhere"):
        reply = site.client.get(path)
        for name in ("Deprecation", "Sunset", "Link"):
            assert name not in reply.headers, f"{asked(reply)} was answered with {name}: {reply.headers[name]}"
    products.failure = SECRET
    deprecated(site.client.get("/v1/products/7"), "products/7")
    plain = web.serve("create_app", subject.Settings(find_product=driver.Products(CENTS), is_ready=driver.Readiness()))
    deprecated(plain.client.get("/v1/products/7"), "products/7", 1_767_225_600, 1_798_761_600)


@check(
    "every answer carries the security headers, errors included",
    points=10,
    stage="core",
    hint="Headers that the endpoint sets are missing where no endpoint ran.",
)
def test_security_headers(subject, web, driver):
    site, products, readiness = serve(subject, web, driver)
    secure(site.client.get("/v2/products/7"), 200)
    secure(feedback(site, "fine"), 202)
    secure(site.client.get("/v2/products/10"), 404)
    secure(site.client.get("/nowhere"), 404)
    secure(site.client.delete("/v2/feedback"), 405)
    secure(feedback(site, "x" * LIMIT), 413)
    secure(site.client.post("/v2/feedback", json={}), 422)
    secure(site.client.get("/healthz"), 200)
    reply = preflight(site, SHOP)
    secure(reply, reply.status_code)
    readiness.answer = False
    secure(site.client.get("/readyz"), 503)
    products.failure = SECRET
    secure(site.client.get("/v2/products/7"), 500)


@check(
    "origins on the list may read every answer, errors too",
    points=9,
    stage="core",
    hint="A page can't read a 500 without the CORS headers. What may stand beside Allow-Credentials?",
)
def test_cors(subject, web, driver):
    site, products, _ = serve(subject, web, driver)
    for origin in (SHOP, ADMIN):
        for method, path, status in (
            ("GET", "/v2/products/7", 200),
            ("GET", "/v1/products/10", 404),
            ("GET", "/nowhere", 404),
            ("DELETE", "/v2/feedback", 405),
        ):
            readable(site.client.request(method, path, headers={"Origin": origin}), status, origin)
        readable(feedback(site, "x" * LIMIT, headers={"Origin": origin}), 413, origin)
    products.failure = SECRET
    readable(site.client.get("/v2/products/7", headers={"Origin": SHOP}), 500, SHOP)
    products.failure = ""
    reply = site.client.get("/v2/products/7")
    answered(reply, 200)
    assert "Access-Control-Allow-Origin" not in reply.headers, "a request without Origin was answered with Allow-Origin"


@check(
    "each request leaves one line of JSON that says what was asked and answered",
    points=10,
    stage="core",
    hint="Where must you stand to know the status of every answer, also of those that an exception led to?",
)
def test_log(subject, web, driver, cell):
    site, products, _ = serve(subject, web, driver)
    started = time.monotonic()
    replies = [
        site.client.get("/v2/products/7?colour=red", headers={"User-Agent": "check/1"}),
        feedback(site, "fine"),
        site.client.get("/v1/products/10"),
        site.client.get("/nowhere"),
        site.client.delete("/v2/feedback"),
        feedback(site, "x" * LIMIT),
        site.client.get("/healthz"),
    ]
    products.failure = SECRET
    replies.append(site.client.get("/v2/products/7"))
    lines = log_of(site, cell, len(replies))
    elapsed_ms = 1000 * (time.monotonic() - started)
    expected = [200, 202, 404, 404, 405, 413, 200, 500]
    for reply, line, status in zip(replies, lines, expected):
        what = f"the log line of {asked(reply)}"
        request = reply.request
        for name, value in {
            "request_id": id_of(reply),
            "method": request.method,
            "path": request.url.path,
            "status": status,
            "level": "error" if status >= 500 else "info",
            "client": None,
        }.items():
            assert name in line, f"{what} has no {name}: {line}"
            assert line[name] == value, f"{what} has {name} = {line[name]!r}, expected {value!r}"
        when = instant(line.get("time"))
        assert when is not None, f"{what} has time = {line.get('time')!r}, expected ISO 8601 in UTC"
        took = line.get("duration_ms")
        right = isinstance(took, int | float) and not isinstance(took, bool) and 0 <= took <= elapsed_ms
        assert right, f"{what} has duration_ms = {took!r}, and all requests together took {elapsed_ms:.1f} ms"
    assert lines[0].get("headers", {}).get("user-agent") == "check/1", "the log line has no headers with user-agent"


@check(
    "a body above the limit is a 413, with or without a Content-Length",
    points=7,
    stage="core",
    hint="A chunked body has no Content-Length: count the bytes as they come.",
)
async def test_size(subject, web, driver):
    site, _, _ = serve(subject, web, driver)
    app = subject.create_app(configured(subject, driver)[0])
    room = LIMIT - len(json.dumps({"text": ""}))
    for version in ("v1", "v2"):
        for more in (0, 1, 5 * LIMIT):
            body = json.dumps({"text": "x" * (room + more)}).encode()
            got, text = await driver.post_in_pieces(app, f"/{version}/feedback", split(body))
            expected = 413 if more else 202
            assert got == expected, (
                f"{len(body)} bytes in pieces were answered {got}, expected {expected}: {text[:200]}"
            )
            for content in (body, iter(split(body))):
                reply = site.client.post(
                    f"/{version}/feedback", content=content, headers={"Content-Type": "application/json"}
                )
                if more:
                    refused(reply, 413, "too_large")
                else:
                    assert answered(reply, 202) == {"received": room}
    plain = web.serve("create_app", subject.Settings(find_product=driver.Products(CENTS), is_ready=driver.Readiness()))
    room = 65_536 - len('{"text":""}')
    assert answered(feedback(plain, "x" * room), 202) == {"received": room}
    refused(feedback(plain, "x" * (room + 1)), 413, "too_large")


@check(
    "healthz is about the process alone, readyz about what it depends on",
    points=7,
    stage="core",
    hint="What does an orchestrator do when the one fails, and what when the other does?",
)
def test_health(subject, web, driver):
    site, _, readiness = serve(subject, web, driver)
    assert answered(site.client.get("/readyz"), 200) == {"status": "ready"}
    for answer, failure in ((False, ""), (True, SECRET)):
        readiness.answer, readiness.failure = answer, failure
        reply = site.client.get("/readyz")
        refused(reply, 503, "not_ready")
        assert "hunter2" not in reply.text, "the 503 tells what went wrong inside"
        before = readiness.calls
        assert answered(site.client.get("/healthz"), 200) == {"status": "ok"}
        assert readiness.calls == before, "GET /healthz called is_ready"
    readiness.answer, readiness.failure = True, ""
    assert answered(site.client.get("/readyz"), 200) == {"status": "ready"}


@check(
    "every refusal has one envelope, with the request's id",
    points=6,
    stage="robust",
    hint="The id in the body, the one in X-Request-ID and the one in the log are the same, and are yours alone.",
)
def test_envelope(subject, web, driver):
    site, _, _ = serve(subject, web, driver)
    post = site.client.post
    as_json = {"Content-Type": "application/json"}
    replies = [
        (site.client.get("/nowhere"), 404, "not_found"),
        (site.client.get("/v2/products/10", headers={"X-Request-ID": "mine"}), 404, "not_found"),
        (site.client.put("/v2/products/7"), 405, "method_not_allowed"),
        (feedback(site, "x" * LIMIT), 413, "too_large"),
        (post("/v2/feedback", json={"txt": "x"}), 422, "invalid_request"),
        (post("/v2/feedback", json={"text": None}), 422, "invalid_request"),
        (post("/v2/feedback", content=b"{", headers=as_json), 422, "invalid_request"),
        (post("/v2/feedback", content=b'{"text": "\xff"}', headers=as_json), 422, "invalid_request"),
        (post("/v2/feedback"), 422, "invalid_request"),
    ]
    ids = [id_of(site.client.get("/healthz", headers={"X-Request-ID": "mine"})) for _ in range(2)]
    for reply, status, code in replies:
        refused(reply, status, code)
        ids.append(id_of(reply))
    assert "mine" not in ids, "a request's id was chosen by its client"
    assert len(set(ids)) == len(ids), "two requests have the same id"


@check(
    "a preflight is answered for origins on the list, and for no others",
    points=5,
    stage="robust",
    hint="OPTIONS with Access-Control-Request-Method comes without credentials, before the real request.",
)
def test_preflight(subject, web, driver):
    site, _, _ = serve(subject, web, driver)
    for origin in (SHOP, ADMIN):
        reply = preflight(site, origin)
        assert reply.is_success, f"the preflight of {origin} was answered {reply.status_code}, expected 200 or 204"
        assert reply.headers.get("Access-Control-Allow-Origin") == origin
        assert reply.headers.get("Access-Control-Allow-Credentials") == "true"
        for header, wanted in (("Methods", ("GET", "POST")), ("Headers", ("authorization", "content-type"))):
            allowed = words(reply, f"Access-Control-Allow-{header}")
            for word in wanted:
                assert word.lower() in allowed, f"Access-Control-Allow-{header} is {allowed}, expected {word} in it"
        assert "origin" in words(reply, "Vary"), "Vary does not name Origin"
    for origin in ("https://evil.example", "null"):
        unreadable(preflight(site, origin), origin)


@check(
    "an origin that only looks like one on the list gets nothing",
    points=6,
    stage="robust",
    hint="Compare whole origins, scheme and port included.",
)
def test_lookalike_origins(subject, web, driver):
    site, _, _ = serve(subject, web, driver)
    words = st.sampled_from(
        ["https://", "http://", "shop", "admin.", "evil", ".example", ".com", ":8443", "/", "*", "null"]
    )

    @settings(max_examples=25)
    @given(st.lists(words, min_size=1, max_size=6).map("".join))
    @example("https://shop.example.evil.com")
    @example("https://evilshop.example")
    @example("https://shopXexample")
    @example("http://shop.example")
    @example("https://shop.example:443")
    @example("https://shop.example/")
    @example("https://SHOP.example")
    @example("https://admin.shop.example")
    @example("https://")
    @example("null")
    @example("*")
    def exact(origin):
        reply = site.client.get("/v2/products/7", headers={"Origin": origin})
        if origin in (SHOP, ADMIN):
            readable(reply, 200, origin)
        else:
            answered(reply, 200)
            unreadable(reply, origin)

    readable(site.client.get("/v2/products/7", headers={"Origin": SHOP}), 200, SHOP)
    exact()


@check(
    "X-Forwarded-For is believed as far as trusted proxies wrote it",
    points=8,
    stage="robust",
    hint="Walk from the right, where your own proxy wrote. Who can have written what stands further left?",
)
@settings(max_examples=25)
@given(HOPS, st.lists(HOPS | HOPS | ODD_HOPS, max_size=4), st.integers(0, 4))
@example("203.0.113.9", [], 0)
@example("203.0.113.9", ["198.51.100.4"], 0)
@example("10.1.2.3", ["198.51.100.4"], 0)
@example("10.1.2.3", ["203.0.113.9", "198.51.100.4"], 0)
@example("10.1.2.3", ["203.0.113.9", "198.51.100.4", "192.0.2.7", "fd00::5"], 2)
@example("10.1.2.3", ["10.255.0.1", "192.0.2.7"], 1)
@example("10.1.2.3", ["203.0.113.9", "unknown", "192.0.2.7"], 0)
@example("10.1.2.3", [], 0)
@example("192.0.2.8", ["198.51.100.4"], 0)
@example("testclient", ["198.51.100.4"], 0)
async def test_client(subject, driver, peer, entries, cut):
    app = subject.create_app(configured(subject, driver)[0])
    forwarded = [", ".join(part) for part in (entries[:cut], entries[cut:]) if part]
    status, text = await driver.ask_from(app, peer, "/v2/client", forwarded)
    assert status == 200, f"GET /v2/client was answered {status}"
    expected = {"client": client_of(peer, entries)}
    story = f"a request of {peer} with X-Forwarded-For {forwarded}"
    assert parsed(text) == expected, f"{story} was answered {text}, expected {json.dumps(expected)}"


@check(
    "no secret is in the log",
    points=6,
    stage="production",
    hint="Which headers are as good as a password? Where else do people put tokens?",
)
def test_secrets(subject, web, driver, cell):
    site, products, _ = serve(subject, web, driver)
    headers = {
        "Authorization": "Bearer s3cret-1",
        "Cookie": "session=s3cret-2",
        "X-Api-Key": "s3cret-3",
        "Proxy-Authorization": "Basic s3cret-4",
        "Accept-Language": "de",
    }
    site.client.get("/v2/products/7?token=s3cret-5&password=s3cret-6", headers=headers)
    feedback(site, "my password is s3cret-7", headers=headers)
    site.client.post("/v2/feedback", json={"txt": "s3cret-8"}, headers=headers)
    products.failure = SECRET
    site.client.get("/v2/products/7", headers=headers)
    for line in log_of(site, cell, 4):
        logged = line.get("headers")
        assert isinstance(logged, dict), f"a log line has headers = {logged!r}, expected an object"
        assert logged.get("accept-language") == "de", "the log line lacks the header accept-language: de"
        for name in ("authorization", "cookie", "x-api-key", "proxy-authorization"):
            assert logged.get(name) == "[redacted]", f"the log has {name}: {logged.get(name)}, expected [redacted]"
        told = [name for name, value in line.items() if "s3cret" in json.dumps(value)]
        assert not told, f"the log gives a secret away in {', '.join(told)}"


@check(
    "whatever a client sends, its log line is one line of JSON",
    points=4,
    stage="production",
    hint="A path may hold quotes and line breaks once it is decoded.",
)
def test_log_injection(subject, web, driver, cell):
    site, _, _ = serve(subject, web, driver)
    paths: list[str] = []
    inside = st.text(st.characters(max_codepoint=0x2FFF, exclude_characters="/?#.789"), min_size=1, max_size=12)

    def ask(path, agent):
        answered(site.client.get(f"/v2/products/{quote(path)}", headers={"User-Agent": agent}), 404)
        paths.append(f"/v2/products/{path}")

    ask('a"\n{"level": "error"}\r\n', '"}')
    ask("\u2028\x00\x1b[2J", "\\")
    agents = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
    settings(max_examples=15)(given(inside, agents)(ask))()
    for path, line in zip(paths, log_of(site, cell, len(paths))):
        assert line.get("path") == path, f"the log line of {path!r} has path = {line.get('path')!r}"


@check(
    "an unexpected error is a 500 that tells nothing, and a log line that tells its type",
    points=5,
    stage="production",
    hint="The client gets the request's id, the log gets the rest.",
)
def test_unexpected(subject, web, driver, cell):
    site, products, readiness = serve(subject, web, driver)
    answered(site.client.get("/v2/products/7"), 200)
    products.failure = readiness.failure = SECRET
    reply = site.client.get("/v2/products/7")
    refused(reply, 500, "internal_error")
    told = reply.text + str(reply.headers)
    for word in ("hunter2", "db-7", "RuntimeError", "Traceback", ".py"):
        assert word not in told, f"the 500 gives away {word!r}"
    answered(site.client.get("/readyz"), 503)
    products.failure = ""
    answered(site.client.get("/v2/products/7"), 200)
    errors = [line.get("error") for line in log_of(site, cell, 4)]
    assert errors == [None, "RuntimeError", "RuntimeError", None], f"the log lines have error = {errors}"


# --- Helpers


def configured(subject, driver) -> tuple[Any, Any, Any]:
    """Settings, and the two things in them that a check controls."""
    products, readiness = driver.Products(CENTS), driver.Readiness()
    made = subject.Settings(
        find_product=products,
        is_ready=readiness,
        allowed_origins=[SHOP, ADMIN],
        trusted_proxies=PROXIES,
        max_body_bytes=LIMIT,
        v1_deprecated_at=DEPRECATED,
        v1_sunset_at=SUNSET,
    )
    return made, products, readiness


def serve(subject, web, driver) -> tuple[Any, Any, Any]:
    made, products, readiness = configured(subject, driver)
    return web.serve("create_app", made), products, readiness


def split(body: bytes) -> list[bytes]:
    return [body[start : start + 300] for start in range(0, len(body), 300)]


def feedback(site, text: str, version: str = "v2", headers: dict[str, str] | None = None):
    return site.client.post(f"/{version}/feedback", json={"text": text}, headers=headers)


def preflight(site, origin: str):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return site.client.options(
        "/v2/feedback", headers=headers | {"Access-Control-Request-Headers": "authorization, content-type"}
    )


def asked(reply) -> str:
    return f"{reply.request.method} {reply.request.url.path[:100]}"


def answered(reply, status: int) -> dict[str, Any]:
    """The JSON object of an answer with that status."""
    assert reply.status_code == status, (
        f"{asked(reply)} was answered {reply.status_code}, expected {status}: {reply.text[:300]}"
    )
    body = reply.json()
    assert isinstance(body, dict), f"{asked(reply)} was not answered with a JSON object: {reply.text[:300]}"
    return body


def refused(reply, status: int, code: str) -> None:
    error = answered(reply, status).get("error")
    right = isinstance(error, dict) and error.get("code") == code and isinstance(error.get("message"), str)
    expected = {"error": {"code": code, "message": "...", "request_id": id_of(reply)}}
    assert right, f"the body of the {status} to {asked(reply)} is {reply.text[:300]}, expected {expected}"
    got = error.get("request_id")
    assert got == id_of(reply), f"the {status} has request_id {got!r} in its body, {id_of(reply)!r} in X-Request-ID"


def id_of(reply) -> str:
    ids: list[str] = reply.headers.get_list("X-Request-ID")
    assert len(ids) == 1, f"the {reply.status_code} to {asked(reply)} has {len(ids)} X-Request-ID headers, expected 1"
    return ids[0]


def headers_are(reply, expected: dict[str, str]) -> None:
    for name, value in expected.items():
        got = reply.headers.get_list(name)
        assert got == [value], f"the {reply.status_code} to {asked(reply)} has {name} {got}, expected {[value]}"


def deprecated(reply, path: str, since: int = DEPRECATED, until: int = SUNSET) -> None:
    link = f'</v2/{path}>; rel="successor-version"'
    headers_are(reply, {"Deprecation": f"@{since}", "Sunset": formatdate(until, usegmt=True), "Link": link})


def secure(reply, status: int) -> None:
    assert reply.status_code == status, f"{asked(reply)} was answered {reply.status_code}, expected {status}"
    headers_are(reply, SECURITY)


def readable(reply, status: int, origin: str) -> None:
    assert reply.status_code == status, f"{asked(reply)} was answered {reply.status_code}, expected {status}"
    headers_are(reply, {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"})
    assert "origin" in words(reply, "Vary"), f"Vary of the {status} to {asked(reply)} does not name Origin"


def unreadable(reply, origin: str) -> None:
    got = reply.headers.get("Access-Control-Allow-Origin")
    assert got is None, f"the origin {origin} was answered with Access-Control-Allow-Origin: {got}"


def words(reply, name: str) -> list[str]:
    """The entries of a header that is a list, in lower case."""
    return [word.strip().lower() for value in reply.headers.get_list(name) for word in value.split(",")]


def log_of(site, cell, count: int) -> list[dict[str, Any]]:
    """What the app has written to standard output until it was stopped: one object for each request."""
    site.stop()
    lines = [line for line in cell.printed().split("\n") if line.strip()]
    made = [parsed(line) for line in lines]
    for line, entry in zip(lines, made):
        assert isinstance(entry, dict), f"a line on standard output is no JSON object: {line[:200]!r}"
    assert len(lines) == count, f"{count} requests left {len(lines)} lines on standard output"
    return made


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def instant(text: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return when if when.utcoffset() == timedelta(0) else None


def client_of(peer: str, entries: list[str]) -> str | None:
    """The client by the rule of the statement."""
    if peer == "testclient":
        return None
    client, rest = peer, list(entries)
    while rest and any(ip_address(client) in ip_network(network) for network in PROXIES):
        try:
            client = str(ip_address(rest.pop()))
        except ValueError:
            break
    return client
