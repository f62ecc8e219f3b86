"""A URL shortener that caches in a dictionary, of which no other process knows."""

import hashlib
import html
import ipaddress
import json
import math
import re
import secrets
import sqlite3
import string
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from fastapi import Body, FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from redis import Redis, RedisError
from starlette.exceptions import HTTPException as AnyHTTPException

PUBLIC_URL = "https://short.example"
LIMIT, WINDOW_S = 20, 60
FOUND_TTL_S, MISSING_TTL_S = 600, 30
RESERVED = {"links", "dashboard", "healthz", "readyz", "docs", "redoc"}
BASE62 = string.ascii_letters + string.digits
ALIAS = re.compile(r"[A-Za-z0-9_-]{4,32}")
URL = re.compile(
    r"https?://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(?P<port>[0-9]*))?([/?#][a-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*)?",
    re.IGNORECASE | re.ASCII,  # without ASCII, the long s of old prints and the Kelvin sign are letters, too
)
INTERNAL = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
]
SCHEMA = """
    CREATE TABLE IF NOT EXISTS links (code TEXT PRIMARY KEY, url TEXT NOT NULL, expires_at REAL);
    CREATE TABLE IF NOT EXISTS requests (
        client TEXT, key TEXT, request TEXT NOT NULL, code TEXT NOT NULL, PRIMARY KEY (client, key));
    CREATE TABLE IF NOT EXISTS counters (
        code TEXT, kind TEXT, name TEXT, hits INTEGER NOT NULL, PRIMARY KEY (code, kind, name));
"""
COUNT = "INSERT INTO counters VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET hits = hits + 1"


def refuse(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> NoReturn:
    raise HTTPException(status, {"code": code, "message": message}, headers)


def is_public(url: Any) -> bool:
    """Whether a link may lead there."""
    match = URL.fullmatch(url) if isinstance(url, str) and len(url) <= 2048 else None
    if not match or not 0 < int(match["port"] or 1) < 65536:
        return False
    host = match["host"].lower().strip("[]").removesuffix(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        numeric = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1])
        internal = len(labels) < 2 or labels[-1] in ("localhost", "local", "internal")
        return all(labels) and ":" not in host and not numeric and not internal and host != "short.example"
    address = getattr(address, "ipv4_mapped", None) or address
    return not any(address in network for network in INTERNAL)


def checked(asked: Any) -> tuple[str, str | None, int | None]:
    """The url, alias and ttl_s of a request to create a link."""
    if not isinstance(asked, dict) or not is_public(asked.get("url")):
        refuse(422, "invalid_request", "url must be the public http or https address of something")
    alias, ttl_s = asked.get("alias"), asked.get("ttl_s")
    if alias is not None and not (isinstance(alias, str) and ALIAS.fullmatch(alias) and alias not in RESERVED):
        refuse(422, "invalid_request", "alias must have 4 to 32 of A-Z a-z 0-9 _ - and be no reserved word")
    if ttl_s is not None and not (type(ttl_s) is int and 1 <= ttl_s <= 31_536_000):
        refuse(422, "invalid_request", "ttl_s must be a whole number of seconds from 1 to 31536000")
    return asked["url"], alias, ttl_s


def page(rows: list[tuple[str, str, int, str]]) -> str:
    cells = ("".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows)
    table = "\n".join(f"<tr>{row}</tr>" for row in cells)
    return f"<!doctype html><title>Links</title><table>\n{table}\n</table>"


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    path = database_url.removeprefix("sqlite:///")
    memory: dict[str, list[Any]] = {}
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    redis = Redis.from_url(redis_url, decode_responses=True, socket_timeout=0.8, socket_connect_timeout=0.8, retry=None)

    @contextmanager
    def database() -> Iterator[sqlite3.Connection]:
        """A connection with one transaction that writes; whoever comes second waits for it."""
        connection = sqlite3.connect(path, timeout=15, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()  # and rolls back what is not committed

    def rows(statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(path, timeout=15)) as connection:
            return connection.execute(statement, values).fetchall()

    with database() as connection:
        for statement in SCHEMA.split(";"):
            connection.execute(statement)

    def cached(code: str) -> list[Any] | None:
        """The url and the end of a link: ``[]`` if there is none, None if Redis does not know."""
        return memory.get(code)

    def remember(code: str, link: list[Any], *, only_if_new: bool) -> None:
        """Readers must not overwrite what a create has put there since they looked into SQL."""
        if not only_if_new or code not in memory:
            memory[code] = link

    def find(code: str) -> list[Any]:
        link = cached(code)
        if link is None:
            found = rows("SELECT url, expires_at FROM links WHERE code = ?", code)
            link = list(found[0]) if found else []
            remember(code, link, only_if_new=True)
        if not link:
            refuse(404, "not_found", "there is no such link")
        return link

    def check_limit(client: str) -> None:
        window = math.floor(clock() / WINDOW_S)
        key = f"limit:{window}:{client}"
        try:
            made = redis.incr(key)
            if made == 1:
                redis.expire(key, 2 * WINDOW_S)
        except RedisError:
            return
        if made > LIMIT:
            wait_s = math.ceil((window + 1) * WINDOW_S - clock())
            refuse(429, "rate_limited", f"wait {wait_s} s", {"Retry-After": str(wait_s)})

    def replayed(database: sqlite3.Connection, client: str, key: str, request: str) -> list[Any]:
        """The code, url and end of the link that this Idempotency-Key has made; [] if it has made none."""
        made = "SELECT request, links.* FROM requests JOIN links USING (code) WHERE client = ? AND key = ?"
        for earlier, code, url, expires_at in database.execute(made, (client, key)):
            if earlier != request:
                refuse(422, "idempotency_mismatch", "this Idempotency-Key belongs to another request")
            return [code, url, expires_at]
        return []

    def insert(link: list[Any], client: str, key: str | None, request: str) -> list[Any]:
        """The link that this request makes, or has made before; [] if its code is taken."""
        with database() as connection:
            if key and (earlier := replayed(connection, client, key, request)):
                return earlier
            new = connection.execute("INSERT INTO links VALUES (?, ?, ?) ON CONFLICT DO NOTHING", link)
            if new.rowcount == 0:
                return []
            if key:
                connection.execute("INSERT INTO requests VALUES (?, ?, ?, ?)", (client, key, request, link[0]))
        return link

    @app.post("/links")
    def create(
        asked: Annotated[Any, Body()] = None,
        x_api_key: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        check_limit(x_api_key)
        url, alias, ttl_s = checked(asked)
        expires_at = clock() + ttl_s if ttl_s else None
        request = json.dumps([url, alias, ttl_s])
        link: list[Any] = []
        while not link:
            code = alias or "".join(secrets.choice(BASE62) for _ in range(10))
            link = insert([code, url, expires_at], x_api_key, idempotency_key, request)
            if alias and not link:
                refuse(409, "alias_taken", f"{alias} is taken")
        code, url, expires_at = link
        remember(code, [url, expires_at], only_if_new=False)
        short_url = f"{PUBLIC_URL}/{code}"
        body = {"code": code, "short_url": short_url, "url": url, "expires_at": expires_at}
        return JSONResponse(body, 201, {"Location": short_url})

    @app.get("/links/{code}/stats")
    def stats(code: str) -> dict[str, Any]:
        url = find(code)[0]
        counted: dict[str, dict[str, int]] = {"day": {}, "referrer": {}, "visitor": {}}
        for kind, name, hits in rows("SELECT kind, name, hits FROM counters WHERE code = ?", code):
            counted[kind][name] = hits
        return {
            "code": code,
            "url": url,
            "total": sum(counted["day"].values()),
            "by_day": counted["day"],
            "by_referrer": counted["referrer"],
            "unique_visitors": len(counted["visitor"]),
        }

    @app.get("/dashboard")
    def dashboard() -> Response:
        newest = """
            SELECT code, url, coalesce(sum(hits), 0), coalesce(group_concat(name, ', '), '') FROM
            (SELECT rowid AS age, * FROM links ORDER BY age DESC LIMIT 100) LEFT JOIN counters USING (code)
            WHERE kind IS NULL OR kind = 'referrer' GROUP BY code ORDER BY age DESC"""
        return HTMLResponse(page(rows(newest)))

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> Response:
        try:
            rows("SELECT 1 FROM links LIMIT 1")
        except sqlite3.Error:
            return JSONResponse({"status": "unavailable"}, 503)
        try:
            redis.ping()
        except RedisError:
            return JSONResponse({"status": "degraded"})
        return JSONResponse({"status": "ready"})

    @app.get("/{code}")
    def follow(code: str, request: Request) -> Response:
        url, expires_at = find(code)
        now = clock()
        if expires_at is not None and now >= expires_at:
            refuse(410, "expired", "this link has expired")
        count(code, now, request)
        return RedirectResponse(url, headers={"Cache-Control": "no-store"})

    def count(code: str, now: float, request: Request) -> None:
        day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
        address = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        visitor = hashlib.sha256(f"{address} {request.headers.get('User-Agent', '')}".encode()).hexdigest()
        try:
            referrer = urlsplit(request.headers.get("Referer", "")).hostname or "direct"
        except ValueError:
            referrer = "direct"
        keys = [(code, "day", day), (code, "referrer", referrer), (code, "visitor", visitor)]
        with suppress(sqlite3.OperationalError), database() as connection:  # the visitor goes on all the same
            connection.executemany(COUNT, keys)

    @app.exception_handler(AnyHTTPException)
    def explain(_: Request, error: AnyHTTPException) -> Response:
        detail: Any = error.detail
        if not isinstance(detail, dict):
            code = "not_found" if error.status_code == 404 else "invalid_request"
            detail = {"code": code, "message": detail}
        return JSONResponse({"error": detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    def explain_invalid(_: Request, error: RequestValidationError) -> Response:
        return JSONResponse({"error": {"code": "invalid_request", "message": str(error)}}, 422)

    return app
