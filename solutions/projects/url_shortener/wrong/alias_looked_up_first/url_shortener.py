"""A URL shortener that looks whether an alias is free and writes it afterwards, so that two requests may both find it free."""

import asyncio
import hashlib
import logging
import re
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import escape
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import redis.asyncio
from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field, StrictInt, field_validator
from redis.exceptions import RedisError

HOME = "https://short.example"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ROUTES = {"links", "dashboard", "healthz", "readyz", "docs", "redoc"}
PER_MINUTE = 20

TABLES = """
CREATE TABLE IF NOT EXISTS link (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, url TEXT NOT NULL, expires_at REAL,
    client TEXT, idempotency_key TEXT, request TEXT, UNIQUE (client, idempotency_key));
CREATE TABLE IF NOT EXISTS hit (
    link INTEGER NOT NULL, day TEXT NOT NULL, referrer TEXT NOT NULL, visitor BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS hit_by_link ON hit (link);
"""

INSERT = "INSERT INTO link VALUES (NULL, ?, ?, ?, ?, ?, ?)"
MADE_BY = "SELECT request, id, code, url, expires_at FROM link WHERE client = ? AND idempotency_key = ?"

#: Counts a request and sees to it that the counter goes away, in one step that nothing can come between.
COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], 120) end return n"

INTERNAL_4 = [
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/3"),
    )
]
INTERNAL_6 = [ip_network(network) for network in ("::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8")]

log = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]


class ProblemError(Exception):
    """A request that is answered with the error envelope."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        self.status, self.headers = status, headers
        self.body = {"error": {"code": code, "message": message}}


class Link(NamedTuple):
    """Where a code leads, until when (Unix seconds)."""

    id: int
    code: str
    url: str
    expires_at: float | None


class NewLink(BaseModel):
    """The body of POST /links."""

    url: str = Field(max_length=2048, pattern=r"\A[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+\z")
    alias: str | None = Field(None, pattern=r"\A[A-Za-z0-9_-]{4,32}\z")
    ttl_s: StrictInt | None = Field(None, ge=1, le=31_536_000)

    @field_validator("alias")
    @classmethod
    def not_a_route(cls, alias: str | None) -> str | None:
        if alias in ROUTES:
            raise ValueError("this word is reserved")
        return alias

    @field_validator("url")
    @classmethod
    def public(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or "@" in parts.netloc or parts.port == 0:
            raise ValueError("only http and https, without credentials, at a real port")
        host = (parts.hostname or "").removesuffix(".")
        if parts.netloc.startswith("["):
            six = IPv6Address(host)
            internal = any(six in network for network in INTERNAL_6)
            if six.ipv4_mapped:
                internal = is_internal(six.ipv4_mapped)
        elif re.search(r"(^|\.)(0x[0-9a-f]*|[0-9]+)$", host):
            internal = is_internal(IPv4Address(host))
        else:
            named = re.fullmatch(r"([a-z0-9_-]+\.)+[a-z0-9_-]+", host)
            internal = not named or host == "short.example" or host.endswith((".localhost", ".local", ".internal"))
        if internal:
            raise ValueError("the host must be a public one, and not ours")
        return url


def is_internal(address: IPv4Address) -> bool:
    return any(address in network for network in INTERNAL_4)


class Database:
    """SQLite with a thread that writes and a thread that reads; writes that wait share a commit."""

    def __init__(self, url: str) -> None:
        self.path = url.removeprefix("sqlite:///")
        self.waiting: list[tuple[Job, asyncio.Future[Any]]] = []
        self.committing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self.writes, self.reads = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        loop = asyncio.get_running_loop()
        self.writer = await loop.run_in_executor(self.writes, self._connect)
        self.reader = await loop.run_in_executor(self.reads, self._connect)
        await loop.run_in_executor(self.writes, self.writer.executescript, TABLES)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=15, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        return connection

    async def close(self) -> None:
        for executor, connection in ((self.writes, self.writer), (self.reads, self.reader)):
            await asyncio.get_running_loop().run_in_executor(executor, connection.close)
            executor.shutdown()

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        def read() -> list[Any]:
            return self.reader.execute(statement, values).fetchall()

        return await asyncio.get_running_loop().run_in_executor(self.reads, read)

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What the job gives, once it is committed; what it raises, once it is rolled back."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self.waiting.append((job, done))
        if self.committing is None:
            self.committing = loop.create_task(self._commit_all())
        return await done

    async def _commit_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self.waiting:
            batch, self.waiting = self.waiting, []
            try:
                outcomes = await loop.run_in_executor(self.writes, self._commit, [job for job, _ in batch])
            except sqlite3.Error as error:
                outcomes = [error] * len(batch)
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                if done.cancelled():
                    continue
                if isinstance(outcome, Exception):
                    done.set_exception(outcome)
                else:
                    done.set_result(outcome)
        self.committing = None

    def _commit(self, jobs: list[Job]) -> list[Any]:
        outcomes: list[Any] = []
        try:
            self.writer.execute("BEGIN IMMEDIATE")
            for job in jobs:
                self.writer.execute("SAVEPOINT job")
                try:
                    outcomes.append(job(self.writer))
                except (sqlite3.IntegrityError, ProblemError) as error:
                    outcomes.append(error)
                    self.writer.execute("ROLLBACK TO job")
                self.writer.execute("RELEASE job")
            self.writer.execute("COMMIT")
        finally:
            if self.writer.in_transaction:
                self.writer.execute("ROLLBACK")
        return outcomes


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    database = Database(database_url)
    cache = redis.asyncio.from_url(redis_url, decode_responses=True, socket_timeout=0.7, socket_connect_timeout=0.7)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await database.open()
        yield
        await cache.aclose()
        await database.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    async def unless_down(reply: Awaitable[T], default: T) -> T:
        try:
            return await reply
        except (RedisError, OSError):
            return default

    async def look_up(code: str) -> Link:
        """In Redis a link is a hash; a code that does not exist is a hash with an empty url."""
        key = f"link:{code}"
        known: Any = await unless_down(cache.hgetall(key), {})
        if not known:
            found = await database.rows("SELECT id, code, url, expires_at FROM link WHERE code = ?", code)
            known = as_hash(Link(*found[0])) if found else {"url": ""}
            await unless_down(store(key, known, "NX", 3600 if found else 45), None)
        if not known["url"]:
            raise ProblemError(404, "not_found", f"{code[:40]} is no link of ours")
        return Link(int(known["id"]), code, known["url"], float(known["ends"]) if known["ends"] else None)

    def as_hash(link: Link) -> dict[str, str]:
        return {
            "id": str(link.id),
            "url": link.url,
            "ends": "" if link.expires_at is None else repr(link.expires_at),
        }

    async def store(key: str, known: dict[str, str], when: str, ttl_s: int) -> None:
        fields = [part for pair in known.items() for part in pair]
        script = """
            if ARGV[1] == 'NX' and redis.call('EXISTS', KEYS[1]) == 1 then return end
            redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], unpack(ARGV, 3))
            redis.call('EXPIRE', KEYS[1], ARGV[2])"""
        await cache.eval(script, 1, key, when, ttl_s, *fields)

    async def spend(client: str) -> None:
        minute, second = divmod(clock(), 60)
        made = await unless_down(cache.eval(COUNT, 1, f"made:{client}:{minute:.0f}"), 0)
        if int(made) > PER_MINUTE:
            wait_s = str(int(60 - second) if second == int(second) else int(60 - second) + 1)
            raise ProblemError(429, "rate_limited", f"wait {wait_s} s", **{"Retry-After": wait_s})

    @app.post("/links")
    async def create(
        new: NewLink,
        x_api_key: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        await spend(x_api_key)
        ends = None if new.ttl_s is None else clock() + new.ttl_s
        request = repr((new.url, new.alias, new.ttl_s))

        def insert(connection: sqlite3.Connection) -> Link:
            if idempotency_key:
                for earlier, *link in connection.execute(MADE_BY, (x_api_key, idempotency_key)):
                    if earlier != request:
                        raise ProblemError(422, "idempotency_mismatch", "the same key, another request")
                    return Link(*link)
            code = new.alias or "".join(LETTERS[secrets.randbelow(62)] for _ in range(9))
            row = (code, new.url, ends, x_api_key, idempotency_key, request)
            insertion = INSERT if idempotency_key or not new.alias else INSERT.replace("INSERT", "REPLACE")
            return Link(connection.execute(insertion, row).lastrowid or 0, code, new.url, ends)

        if new.alias and not idempotency_key:
            if await database.rows("SELECT 1 FROM link WHERE code = ?", new.alias):
                raise ProblemError(409, "alias_taken", f"{new.alias} is taken")
        while True:
            try:
                link = await database.write(insert)
                break
            except sqlite3.IntegrityError:
                if new.alias:
                    raise ProblemError(409, "alias_taken", f"{new.alias} is taken") from None
        await unless_down(store(f"link:{link.code}", as_hash(link), "XX", 3600), None)
        short_url = f"{HOME}/{link.code}"
        body = {"code": link.code, "short_url": short_url, "url": link.url, "expires_at": link.expires_at}
        return JSONResponse(body, 201, {"Location": short_url})

    @app.get("/links/{code}/stats")
    async def stats(code: str) -> dict[str, Any]:
        link = await look_up(code)
        hits = await database.rows("SELECT day, referrer, visitor FROM hit WHERE link = ?", link.id)
        days, referrers, visitors = zip(*hits, strict=True) if hits else ((), (), ())
        return {
            "code": code,
            "url": link.url,
            "total": len(hits),
            "by_day": Counter(days),
            "by_referrer": Counter(referrers),
            "unique_visitors": len(set(visitors)),
        }

    @app.get("/dashboard", response_class=HTMLResponse)
    async def dashboard() -> str:
        page = ["<!doctype html><title>Dashboard</title><h1>Links</h1>"]
        referrers = "SELECT referrer, count(*) FROM hit WHERE link = ? GROUP BY referrer"
        for id_, code, url in await database.rows("SELECT id, code, url FROM link ORDER BY id DESC LIMIT 100"):
            hits = dict(await database.rows(referrers, id_))
            page.append(f"<h2>{escape(code)}</h2><a href='{escape(url)}'>{escape(url)}</a>")
            page.append(f"<p>{sum(hits.values())} hits</p>")
            page.extend(f"<li>{escape(host)}: {count}</li>" for host, count in sorted(hits.items()))
        return "\n".join(page)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        await database.rows("SELECT 1")
        return {"status": "ready" if await unless_down(cache.ping(), False) else "degraded"}

    @app.get("/{code}")
    async def follow(code: str, request: Request) -> Response:
        link = await look_up(code)
        now = clock()
        if link.expires_at is not None and link.expires_at <= now:
            raise ProblemError(410, "expired", "this link has ended")
        seen = hit(link, now, request)
        try:
            await database.write(lambda connection: connection.execute("INSERT INTO hit VALUES (?, ?, ?, ?)", seen))
        except sqlite3.Error:
            log.exception("a hit was lost")
        return RedirectResponse(link.url, 307, {"Cache-Control": "private, no-store"})

    def hit(link: Link, now: float, request: Request) -> tuple[int, str, str, bytes]:
        headers = request.headers
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        referrer = re.match(r"https?://([^/?#:@]+)", headers.get("Referer", ""), re.IGNORECASE)
        address = headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        visitor = hashlib.sha256(repr((address, headers.get("User-Agent"))).encode()).digest()
        return link.id, day, referrer[1].lower() if referrer else "direct", visitor

    @app.exception_handler(ProblemError)
    async def explain(_: Request, problem: ProblemError) -> Response:
        return JSONResponse(problem.body, problem.status, problem.headers)

    @app.exception_handler(RequestValidationError)
    async def explain_invalid(_: Request, error: RequestValidationError) -> Response:
        message = "; ".join(fault["msg"] for fault in error.errors())
        return JSONResponse(ProblemError(422, "invalid_request", message).body, 422)

    @app.exception_handler(404)
    async def explain_lost(_: Request, __: Exception) -> Response:
        return JSONResponse(ProblemError(404, "not_found", "there is nothing here").body, 404)

    return app
