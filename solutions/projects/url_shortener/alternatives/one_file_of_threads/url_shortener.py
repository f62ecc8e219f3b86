"""URL shortener: links, Idempotency-Keys and hits in SQLite; the cache and the rate limit in Redis."""

import contextlib
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
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import redis
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from redis.backoff import NoBackoff
from redis.retry import Retry
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

PUBLIC_URL = "https://short.example"
OWN_HOST = "short.example"
RESERVED = frozenset({"links", "dashboard", "healthz", "readyz", "docs", "redoc"})
RATE_LIMIT = 20
RATE_WINDOW_S = 60

ALPHABET = string.digits + string.ascii_letters
CODE_LENGTH = 10
CODE = re.compile(r"[A-Za-z0-9_-]{4,32}")
MAX_TTL_S = 31_536_000
CACHE_S = 3600  # Redis seconds
MISSING_S = 30
COUNTER_S = 3600
REDIS_TIMEOUT_S = 0.8
MISSING = "-"

SCHEMA = """
CREATE TABLE IF NOT EXISTS links (code TEXT NOT NULL PRIMARY KEY, url TEXT NOT NULL, expires_at REAL);
CREATE TABLE IF NOT EXISTS idempotency (
    client TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (client, key)
);
CREATE TABLE IF NOT EXISTS hits (
    code TEXT NOT NULL, day TEXT NOT NULL, referrer TEXT NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS hits_code ON hits (code);
"""

BLOCKED = [
    ipaddress.ip_network(net)
    for net in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    ]
]
URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2048}")
PARTS = re.compile(r"https?://(?P<authority>[^/?#]+)(?:[/?#].*)?", re.IGNORECASE)
AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]+))?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
DOTTED = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})")


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None):
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def not_found() -> Refusal:
    return Refusal(404, "not_found", "there is no link with this code")


def invalid(message: str) -> Refusal:
    return Refusal(422, "invalid_request", message)


def envelope(status: int, code: str, message: str, headers=None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers=headers)


# ---------------------------------------------------------------- what may be shortened


def is_public_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not any(address.version == net.version and address in net for net in BLOCKED)


def is_allowed_host(host: str) -> bool:
    """``host`` is in lower case."""
    try:
        if host.startswith("["):
            return is_public_address(ipaddress.IPv6Address(host[1:-1]))
        host = host.removesuffix(".")
        labels = host.split(".")
        if not all(labels) or len(labels) < 2:
            return False
        if NUMBER.fullmatch(labels[-1]):
            return bool(DOTTED.fullmatch(host)) and is_public_address(ipaddress.IPv4Address(host))
    except ValueError:
        return False
    return host != OWN_HOST and labels[-1] not in ("localhost", "local", "internal")


def is_allowed_url(url: str) -> bool:
    if not URL.fullmatch(url) or not (parts := PARTS.fullmatch(url)):
        return False
    authority = AUTHORITY.fullmatch(parts["authority"].lower())
    if not authority:
        return False
    if authority["port"] is not None and not 1 <= int(authority["port"]) <= 65535:
        return False
    return is_allowed_host(authority["host"])


def parse_ask(body: bytes) -> tuple[str, str | None, int | None]:
    try:
        ask = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid("the body is not JSON") from None
    if not isinstance(ask, dict):
        raise invalid("the body is not a JSON object")
    url, alias, ttl_s = ask.get("url"), ask.get("alias"), ask.get("ttl_s")
    if not isinstance(url, str) or not is_allowed_url(url):
        raise invalid("url is missing or not allowed")
    if alias is not None and (not isinstance(alias, str) or not CODE.fullmatch(alias) or alias in RESERVED):
        raise invalid("alias is not allowed")
    if ttl_s is not None and (type(ttl_s) is not int or not 1 <= ttl_s <= MAX_TTL_S):
        raise invalid("ttl_s is not a whole number from 1 to 31536000")
    return url, alias, ttl_s


def referrer_host(referer: str | None) -> str:
    try:
        parts = urlsplit(referer or "")
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname.lower()
    except ValueError:
        pass
    return "direct"


# ---------------------------------------------------------------- storage


class Database:
    def __init__(self, url: str):
        self.path = url.removeprefix("sqlite:///")
        with self.connect() as db:
            db.executescript(SCHEMA)

    @contextmanager
    def connect(self):
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            yield db
        finally:
            db.close()  # rolls back what is not committed

    @contextmanager
    def transaction(self, mode: str):
        with self.connect() as db:
            db.execute(f"BEGIN {mode}")
            yield db
            db.execute("COMMIT")

    def link(self, code: str):
        with self.connect() as db:
            return db.execute("SELECT url, expires_at FROM links WHERE code = ?", (code,)).fetchone()

    def add_hit(self, *hit: str) -> None:
        with self.connect() as db:
            db.execute("INSERT INTO hits (code, day, referrer, address, agent) VALUES (?, ?, ?, ?, ?)", hit)


class Cache:
    """Redis, as used by one request: after the first failure the request does without."""

    def __init__(self, client: redis.Redis):
        self.client = client
        self.up = True

    def _try(self, command):
        if not self.up:
            return None
        try:
            return command()
        except (redis.RedisError, OSError):
            self.up = False
            return None

    def ping(self) -> bool:
        return bool(self._try(self.client.ping))

    def get(self, code: str):
        return self._try(lambda: self.client.get(f"link:{code}"))

    def put(self, code: str, url: str, expires_at: float | None) -> None:
        self._try(lambda: self.client.set(f"link:{code}", json.dumps([url, expires_at]), ex=CACHE_S))

    def put_missing(self, code: str) -> None:
        # NX: a create that came between our look into SQL and this line is not overwritten
        self._try(lambda: self.client.set(f"link:{code}", MISSING, ex=MISSING_S, nx=True))

    def count(self, client: str, window: int) -> int:
        key = f"rate:{hashlib.sha256(client.encode()).hexdigest()}:{window}"

        def command():
            with self.client.pipeline(transaction=True) as pipe:
                return pipe.incr(key).expire(key, COUNTER_S).execute()[0]

        return self._try(command) or 0


# ---------------------------------------------------------------- the service


class Service:
    def __init__(self, database_url: str, redis_url: str, clock: Callable[[], float]):
        self.db = Database(database_url)
        self.clock = clock
        self.redis = redis.Redis.from_url(
            redis_url,
            decode_responses=True,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )

    def cache(self) -> Cache:
        return Cache(self.redis)

    def take_rate_token(self, cache: Cache, client: str, now: float) -> None:
        window = math.floor(now / RATE_WINDOW_S)
        if cache.count(client, window) > RATE_LIMIT:
            wait = max(1, math.ceil((window + 1) * RATE_WINDOW_S - now))
            raise Refusal(429, "rate_limited", "too many links in this minute", {"Retry-After": str(wait)})

    def replay(self, db, client: str, key: str | None, ask: str) -> dict | None:
        if key is None:
            return None
        row = db.execute(
            "SELECT request, answer FROM idempotency WHERE client = ? AND key = ?", (client, key)
        ).fetchone()
        if row is None:
            return None
        if row[0] != ask:
            raise Refusal(422, "idempotency_mismatch", "this Idempotency-Key was used for another request")
        return json.loads(row[1])

    def create(self, body: bytes, client: str, key: str | None) -> dict:
        url, alias, ttl_s = parse_ask(body)
        ask = json.dumps([url, alias, ttl_s])
        cache = self.cache()
        if key is None:
            self.take_rate_token(cache, client, self.clock())
        else:
            with self.db.connect() as db:
                if (answer := self.replay(db, client, key, ask)) is not None:
                    return answer
        with self.db.transaction("IMMEDIATE") as db:
            if (answer := self.replay(db, client, key, ask)) is not None:
                return answer
            now = self.clock()
            expires_at = None if ttl_s is None else now + ttl_s
            while True:
                code = alias or "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
                added = db.execute(
                    "INSERT INTO links (code, url, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (code, url, expires_at),
                )
                if added.rowcount == 1:
                    break
                if alias:
                    raise Refusal(409, "alias_taken", "this alias is taken")
            answer = {"code": code, "short_url": f"{PUBLIC_URL}/{code}", "url": url, "expires_at": expires_at}
            if key is not None:
                # under the write lock, so that requests racing with one key take one token together
                self.take_rate_token(cache, client, now)
                db.execute("INSERT INTO idempotency VALUES (?, ?, ?, ?)", (client, key, ask, json.dumps(answer)))
        cache.put(code, url, expires_at)
        return answer

    def follow(self, code: str, referer: str | None, address: str, agent: str) -> str:
        if not CODE.fullmatch(code):
            raise not_found()
        cache = self.cache()
        cached = cache.get(code)
        if cached == MISSING:
            raise not_found()
        if cached is not None:
            url, expires_at = json.loads(cached)
        else:
            link = self.db.link(code)
            if link is None:
                cache.put_missing(code)
                raise not_found()
            url, expires_at = link
            cache.put(code, url, expires_at)
        now = self.clock()
        if expires_at is not None and now >= expires_at:
            raise Refusal(410, "expired", "this link has expired")
        day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
        with contextlib.suppress(sqlite3.Error):  # the visitor is redirected all the same
            self.db.add_hit(code, day, referrer_host(referer), address, agent)
        return url

    def stats(self, code: str) -> dict:
        with self.db.transaction("DEFERRED") as db:
            link = db.execute("SELECT url FROM links WHERE code = ?", (code,)).fetchone()
            if link is None:
                raise not_found()
            days = db.execute("SELECT day, COUNT(*) FROM hits WHERE code = ? GROUP BY day ORDER BY day", (code,))
            by_day = dict(days.fetchall())
            by_referrer = db.execute("SELECT referrer, COUNT(*) FROM hits WHERE code = ? GROUP BY referrer", (code,))
            by_referrer = dict(by_referrer.fetchall())
            visitors = db.execute(
                "SELECT COUNT(*) FROM (SELECT DISTINCT address, agent FROM hits WHERE code = ?)", (code,)
            ).fetchone()[0]
        return {
            "code": code,
            "url": link[0],
            "total": sum(by_day.values()),
            "by_day": by_day,
            "by_referrer": by_referrer,
            "unique_visitors": visitors,
        }

    def dashboard(self) -> str:
        rows = []
        with self.db.transaction("DEFERRED") as db:
            for code, url in db.execute("SELECT code, url FROM links ORDER BY rowid DESC LIMIT 100").fetchall():
                referrers = db.execute(
                    "SELECT referrer, COUNT(*) AS n FROM hits WHERE code = ? GROUP BY referrer ORDER BY n DESC", (code,)
                ).fetchall()
                listed = "".join(f"<li><span>{html.escape(host)}</span> <b>{n}</b></li>" for host, n in referrers)
                rows.append(
                    f"<tr><td>{html.escape(code)}</td><td>{html.escape(url)}</td>"
                    f"<td>{sum(n for _, n in referrers)}</td><td><ul>{listed}</ul></td></tr>"
                )
        return (
            "<!doctype html><html><head><meta charset='utf-8'><title>Links</title></head><body><table>"
            "<tr><th>Code</th><th>URL</th><th>Total</th><th>Referrers</th></tr>"
            + "\n".join(rows)
            + "</table></body></html>"
        )

    def ready(self) -> JSONResponse:
        try:
            with self.db.connect() as db:
                db.execute("SELECT 1 FROM links LIMIT 1").fetchall()
        except sqlite3.Error:
            return JSONResponse({"status": "unavailable"}, 503)
        return JSONResponse({"status": "ready" if self.cache().ping() else "degraded"})


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    service = Service(database_url, redis_url, clock)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)

    @app.exception_handler(Refusal)
    async def refuse(request: Request, refusal: Refusal):
        return envelope(refusal.status, refusal.code, refusal.message, refusal.headers)

    @app.exception_handler(HTTPException)
    async def refuse_http(request: Request, error: HTTPException):
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        return envelope(error.status_code, code, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def refuse_bug(request: Request, error: Exception):
        return envelope(500, "internal", "something went wrong")

    @app.get("/healthz")
    async def healthz():
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz():
        return service.ready()

    @app.get("/dashboard")
    def dashboard():
        return HTMLResponse(service.dashboard(), headers={"Content-Security-Policy": "default-src 'none'"})

    @app.post("/links")
    async def create(request: Request):
        body = await request.body()
        client = request.headers.get("x-api-key", "")
        key = request.headers.get("idempotency-key") or None
        answer = await run_in_threadpool(service.create, body, client, key)
        return JSONResponse(answer, 201, headers={"Location": answer["short_url"]})

    @app.get("/links/{code}/stats")
    def stats(code: str):
        return service.stats(code)

    @app.get("/{code}")
    def follow(code: str, request: Request):
        headers = request.headers
        address = ",".join(headers.getlist("x-forwarded-for")).split(",")[-1].strip()
        url = service.follow(code, headers.get("referer"), address, headers.get("user-agent", ""))
        return Response(status_code=302, headers={"Location": url, "Cache-Control": "no-store"})

    return app
