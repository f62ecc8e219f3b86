"""URL shortener: links and hits in SQL, a cache and the rate limit in Redis. The contract is in README.md.

    POST /links                {url, alias?, ttl_s?} -> 201 {code, short_url, url, expires_at}
    GET  /{code}               -> 302, Cache-Control: no-store; 404; 410 once it has expired
    GET  /links/{code}/stats   -> 200 {code, url, total, by_day, by_referrer, unique_visitors}
    GET  /dashboard            -> 200, HTML
    GET  /healthz, /readyz     -> 200 {status}

Every refusal is {"error": {"code": ..., "message": ...}}.

The ideas:

* **One writer, group commit** (`Store`). All writes of an app, links and hits alike, go through one thread, which takes
  whatever waits into one transaction, each in a savepoint of its own. 50 hits at once cost one commit, nobody of this
  process fights for SQLite's lock, and an answer is sent when its commit is done. Across processes the unique keys and
  BEGIN IMMEDIATE decide.
* **One patience per request** (`Patience`). All commands of a request share one allowance of time; the first failure
  ends it, and everybody who asks Redis must have an answer for "no".
* **Who makes a link writes it to Redis, too** (SET), and "missing" is only ever written where there is nothing (SET NX).
  So a reader that looked before the link was made cannot hide it. A SET that Redis did not take is owed, and paid later.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import ipaddress
import json
import logging
import math
import queue
import re
import secrets
import sqlite3
import string
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import redis.asyncio
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

PUBLIC_URL = "https://short.example"  # short_url is this, a slash and the code
RESERVED = frozenset({"links", "dashboard", "healthz", "readyz", "docs", "redoc"})  # not allowed as aliases
RATE_LIMIT = 20  # links a client may make in each window
RATE_WINDOW_S = 60  # windows begin at the multiples of this, on the clock

CODE_LENGTH = 10  # 62**10 = 8e17: at 1e10 links, a guess hits one in 84 million
MAX_BODY_BYTES = 262_144
MAX_TTL_S = 31_536_000
PATIENCE_S = 1.5  # for all commands of a request; the contract allows 2
LINK_TTL_S = 86_400  # in Redis
MISSING_TTL_S = 30
RATE_TTL_S = 3_600  # longer than a window: the clock may stand still or be set back
HIT_PATIENCE_S = 5.0

log = logging.getLogger("url_shortener")


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def response(self) -> Response:
        return JSONResponse({"error": {"code": self.code, "message": self.message}}, self.status, self.headers)


def invalid(message: str) -> Refusal:
    return Refusal(422, "invalid_request", message)


def no_link() -> Refusal:
    return Refusal(404, "not_found", "there is no link with this code")


# --- what strangers send ----------------------------------------------------------------------------------------------

_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2048}")
_PARTS = re.compile(r"(?i:https?)://(?P<host>\[[^\[\]]*\]|[^\[\]:/?#]*)(?::(?P<port>[0-9]{1,9}))?(?=[/?#]|\Z)")
_LABEL = re.compile(r"[a-z0-9_-]+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_OWN_HOST = PUBLIC_URL.partition("://")[2]
_PRIVATE_NAMES = (".localhost", ".local", ".internal")
_PRIVATE = [
    ipaddress.ip_network(network)
    for network in [
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
_MAPPED = ipaddress.ip_network("::ffff:0:0/96")


def check_url(url: Any) -> str:
    """The URL as it is, or Refusal."""
    if not isinstance(url, str) or not _URL.fullmatch(url):
        raise invalid("`url` must be a string of 1 to 2048 characters that a URL may hold")
    parts = _PARTS.match(url)
    if parts is None or "@" in parts["host"]:
        raise invalid("`url` must be http:// or https://, a host without user name, and perhaps a port")
    if parts["port"] is not None and not 1 <= int(parts["port"]) <= 65_535:
        raise invalid("the port of `url` must be from 1 to 65535")
    if not _host_is_public(parts["host"].lower()):
        raise invalid("the host of `url` is not a public one")
    return url


def _host_is_public(host: str) -> bool:
    try:
        if host.startswith("["):
            return "%" not in host and _address_is_public(ipaddress.IPv6Address(host[1:-1]))
        host = host.removesuffix(".")
        labels = host.split(".")
        if _NUMBER.fullmatch(labels[-1]):  # a browser takes it for an address: then it must be spelt like one
            return _address_is_public(ipaddress.IPv4Address(host))
    except ValueError:
        return False
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return host != _OWN_HOST and not host.endswith(_PRIVATE_NAMES)


def _address_is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if address in _MAPPED:
        address = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return not any(address in network for network in _PRIVATE)


_ALIAS = re.compile(r"[A-Za-z0-9_-]{4,32}")  # random codes fit, too: nothing else can be a code


@dataclass(frozen=True)
class Order:
    url: str
    alias: str | None
    ttl_s: int | None

    @classmethod
    def parse(cls, body: bytes) -> Order:
        try:
            value = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise invalid("the body is not JSON") from None
        if not isinstance(value, dict):
            raise invalid("the body must be a JSON object")
        alias, ttl_s = value.get("alias"), value.get("ttl_s")
        if alias is not None:
            if not isinstance(alias, str) or not _ALIAS.fullmatch(alias) or alias in RESERVED:
                raise invalid("`alias` must be 4 to 32 of A-Z a-z 0-9 _ - and no reserved word")
        if ttl_s is not None and (type(ttl_s) is not int or not 1 <= ttl_s <= MAX_TTL_S):
            raise invalid(f"`ttl_s` must be a whole number from 1 to {MAX_TTL_S}")
        return cls(check_url(value.get("url")), alias, ttl_s)

    def fingerprint(self) -> str:
        return digest(self.url, self.alias or "", str(self.ttl_s or ""))


def digest(*parts: str) -> str:
    """One short text for several of any kind. JSON keeps them apart."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


_REFERRER = re.compile(r"https?://([^/?#\\]*)", re.IGNORECASE)


def referrer_host(referrer: str | None) -> str:
    found = _REFERRER.match((referrer or "").strip(" \t"))
    authority = found[1].rpartition("@")[2].lower() if found else ""
    host = authority.partition("]")[0] + "]" if authority.startswith("[") else authority.partition(":")[0]
    return host or "direct"


def visitor(request: Request) -> str:
    """Address and User-Agent, as a digest: to count them, nobody needs to know them."""
    address = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
    return digest(address, request.headers.get("user-agent", ""))


# --- SQL --------------------------------------------------------------------------------------------------------------

_SCHEMA = """
CREATE TABLE IF NOT EXISTS links (code TEXT NOT NULL PRIMARY KEY, url TEXT NOT NULL, expires_at REAL);
CREATE TABLE IF NOT EXISTS idempotency_keys (
    client TEXT NOT NULL, name TEXT NOT NULL, fingerprint TEXT NOT NULL, code TEXT NOT NULL, PRIMARY KEY (client, name)
);
CREATE TABLE IF NOT EXISTS hits (code TEXT NOT NULL, day TEXT NOT NULL, referrer TEXT NOT NULL, visitor TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS hits_by_code ON hits (code);
"""


@dataclass(frozen=True)
class Link:
    code: str
    url: str
    expires_at: float | None

    def body(self) -> dict[str, Any]:
        short_url = f"{PUBLIC_URL}/{self.code}"
        return {"code": self.code, "short_url": short_url, "url": self.url, "expires_at": self.expires_at}


class Store:
    """Links, Idempotency-Keys and hits. Reads run in a few threads, all writes in one."""

    _MOST_AT_ONCE = 200

    def __init__(self, path: str) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...], Any, Any] | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="sql-read")
        self._local = threading.local()
        self._open_connections: list[sqlite3.Connection] = []
        self._writer = threading.Thread(target=self._write_all, name="sql-write", daemon=True)

    async def start(self) -> None:
        self._writer.start()
        await self.write(lambda db: None)  # the tables are there when this returns

    async def stop(self) -> None:
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._open_connections:
            connection.close()

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        """`work(db, *args)` in one read transaction."""

        def run() -> Any:
            db = getattr(self._local, "db", None)
            if db is None:
                db = self._local.db = self._connect()
                self._open_connections.append(db)
            db.execute("BEGIN")
            try:
                return work(db, *args)
            finally:
                db.execute("ROLLBACK")

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def write(self, work: Callable[..., Any], *args: Any) -> Any:
        """`work(db, *args)`, committed when this returns. What it raises takes back what it wrote."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._jobs.put((work, args, loop, done))
        return await done

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=5.0, isolation_level=None, check_same_thread=False)

    def _write_all(self) -> None:
        db: sqlite3.Connection | None = None
        last = False
        while not last:
            batch = [self._jobs.get()]
            with suppress(queue.Empty):
                while len(batch) < self._MOST_AT_ONCE:
                    batch.append(self._jobs.get_nowait())
            last = None in batch
            jobs = [job for job in batch if job is not None]
            if not jobs:
                continue
            try:
                if db is None:
                    db = self._connect()
                    db.execute("BEGIN IMMEDIATE")
                    for statement in filter(str.strip, _SCHEMA.split(";")):
                        db.execute(statement)
                    db.execute("COMMIT")
                outcomes = self._write(db, jobs)
            except Exception as error:  # noqa: BLE001
                outcomes = [(None, error)] * len(jobs)
                if db is not None:
                    with suppress(sqlite3.Error):
                        db.close()  # and with it goes the transaction
                    db = None
            for (_, _, loop, done), outcome in zip(jobs, outcomes, strict=True):
                with suppress(RuntimeError):  # the loop is closed: nobody waits
                    loop.call_soon_threadsafe(self._tell, done, *outcome)
        if db is not None:
            db.close()

    @staticmethod
    def _write(db: sqlite3.Connection, jobs: list[Any]) -> list[tuple[Any, Exception | None]]:
        outcomes: list[tuple[Any, Exception | None]] = []
        db.execute("BEGIN IMMEDIATE")
        for work, args, _, done in jobs:
            if done.cancelled():
                outcomes.append((None, None))
                continue
            db.execute("SAVEPOINT job")
            try:
                outcomes.append((work(db, *args), None))
            except Exception as error:  # noqa: BLE001
                db.execute("ROLLBACK TO job")
                outcomes.append((None, error))
            db.execute("RELEASE job")
        db.execute("COMMIT")
        return outcomes

    @staticmethod
    def _tell(done: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)


# What is done in a transaction.


def find_link(db: sqlite3.Connection, code: str) -> Link | None:
    row = db.execute("SELECT code, url, expires_at FROM links WHERE code = ?", (code,)).fetchone()
    return Link(*row) if row else None


def earlier(db: sqlite3.Connection, order: Order, client: str, key: str | None) -> Link | None:
    """The link that the client made with this Idempotency-Key. Refusal: it asked for another, or the alias is taken."""
    if key is not None:
        sql = "SELECT fingerprint, code FROM idempotency_keys WHERE client = ? AND name = ?"
        row = db.execute(sql, (client, key)).fetchone()
        if row:
            if row[0] != order.fingerprint():
                raise Refusal(422, "idempotency_mismatch", "this Idempotency-Key was used for another request")
            return find_link(db, row[1])
    if order.alias is not None and find_link(db, order.alias):
        raise Refusal(409, "alias_taken", "there is a link with this alias")
    return None


def make_link(db: sqlite3.Connection, order: Order, client: str, key: str | None, now: float) -> Link:
    link = earlier(db, order, client, key)
    if link is not None:
        return link
    expires_at = None if order.ttl_s is None else float(now + order.ttl_s)
    for _ in range(1000):
        link = Link(order.alias or random_code(), order.url, expires_at)
        sql = "INSERT INTO links (code, url, expires_at) VALUES (?, ?, ?) ON CONFLICT (code) DO NOTHING"
        if db.execute(sql, (link.code, link.url, link.expires_at)).rowcount == 1:
            break
        if order.alias is not None:
            raise Refusal(409, "alias_taken", "there is a link with this alias")
    else:
        raise RuntimeError("the random source gives taken codes only")
    if key is not None:
        row = (client, key, order.fingerprint(), link.code)
        db.execute("INSERT INTO idempotency_keys (client, name, fingerprint, code) VALUES (?, ?, ?, ?)", row)
    return link


def random_code() -> str:
    alphabet = string.digits + string.ascii_letters
    return "".join(secrets.choice(alphabet) for _ in range(CODE_LENGTH))


def add_hit(db: sqlite3.Connection, code: str, day: str, referrer: str, who: str) -> None:
    db.execute("INSERT INTO hits (code, day, referrer, visitor) VALUES (?, ?, ?, ?)", (code, day, referrer, who))


def statistics(db: sqlite3.Connection, code: str) -> dict[str, Any]:
    link = find_link(db, code)
    if link is None:
        raise no_link()
    days: Counter[str] = Counter()
    referrers: Counter[str] = Counter()
    sql = "SELECT day, referrer, COUNT(*) FROM hits WHERE code = ? GROUP BY day, referrer ORDER BY day"
    for day, referrer, count in db.execute(sql, (code,)).fetchall():
        days[day] += count
        referrers[referrer] += count
    (visitors,) = db.execute("SELECT COUNT(DISTINCT visitor) FROM hits WHERE code = ?", (code,)).fetchone()
    return {
        "code": code,
        "url": link.url,
        "total": days.total(),
        "by_day": dict(days),
        "by_referrer": dict(referrers),
        "unique_visitors": visitors,
    }


def overview(db: sqlite3.Connection) -> list[tuple[Link, dict[str, int]]]:
    rows = db.execute("SELECT code, url, expires_at FROM links ORDER BY rowid DESC LIMIT 100").fetchall()
    sql = "SELECT referrer, COUNT(*) FROM hits WHERE code = ? GROUP BY referrer ORDER BY 2 DESC, 1"
    return [(Link(*row), dict(db.execute(sql, (row[0],)).fetchall())) for row in rows]


# --- Redis ------------------------------------------------------------------------------------------------------------


class NoRedis(Exception):
    """Redis has no answer for this request."""


class Patience:
    """How long one request may still wait for Redis, all its commands together. One failure, and it is over."""

    def __init__(self) -> None:
        self._left_s = PATIENCE_S

    async def ask(self, command: Callable[[], Awaitable[Any]]) -> Any:
        if self._left_s <= 0:
            raise NoRedis
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._left_s):
                answer = await command()
        except (RedisError, OSError, TimeoutError) as error:
            self._left_s = 0.0
            raise NoRedis from error
        self._left_s -= time.monotonic() - started
        return answer


class Memory:
    """What may be lost: links that were followed, codes that are missing, and how many links a client made."""

    def __init__(self, url: str) -> None:
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=128,
            timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            socket_timeout=PATIENCE_S,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),  # once: the connection may be stale
            protocol=2,  # nothing needs to be said before the first command ...
            driver_info=None,  # ... and every word costs patience
        )
        self._redis = redis.asyncio.Redis.from_pool(pool)
        self._owed: dict[str, str] = {}  # links that Redis has to know, but did not take; by code
        self._payer: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        if self._payer is not None:
            self._payer.cancel()
            await asyncio.gather(self._payer, return_exceptions=True)
        with suppress(RedisError, OSError):
            await self._redis.aclose()

    async def ping(self) -> None:
        await Patience().ask(self._redis.ping)

    async def link(self, code: str, patience: Patience) -> tuple[bool, Link | None]:
        """(whether Redis knows, the link). (True, None): there is none."""
        if code in self._owed:
            return False, None
        try:
            text = await patience.ask(lambda: self._redis.get(f"link:{code}"))
            if text is None:
                return False, None
            value = json.loads(text)
            return True, Link(code, *value) if value else None
        except (NoRedis, ValueError, TypeError):
            return False, None

    async def followed(self, link: Link, patience: Patience) -> None:
        with suppress(NoRedis):
            await patience.ask(lambda: self._redis.set(f"link:{link.code}", self._text(link), ex=LINK_TTL_S))

    async def missing(self, code: str, patience: Patience) -> None:
        with suppress(NoRedis):  # nx: never over a link that was made in the meantime
            await patience.ask(lambda: self._redis.set(f"link:{code}", "[]", ex=MISSING_TTL_S, nx=True))

    async def made(self, link: Link, patience: Patience) -> None:
        """Whoever remembers the code as missing must learn of it, if not now, then soon."""
        try:
            await patience.ask(lambda: self._redis.set(f"link:{link.code}", self._text(link), ex=LINK_TTL_S))
        except NoRedis:
            self._owed[link.code] = self._text(link)
            if self._payer is None or self._payer.done():
                self._payer = asyncio.create_task(self._pay())

    async def _pay(self) -> None:
        """For as long as a "missing" may live in Redis. Afterwards SQL is asked anyway."""
        until = time.monotonic() + 2 * MISSING_TTL_S
        while self._owed and time.monotonic() < until:
            await asyncio.sleep(0.5)
            patience = Patience()
            with suppress(NoRedis):
                for code, text in list(self._owed.items()):
                    await patience.ask(lambda c=code, t=text: self._redis.set(f"link:{c}", t, ex=LINK_TTL_S))
                    del self._owed[code]
        self._owed.clear()

    async def admits(self, client: str, now: float, patience: Patience) -> bool:
        """Count one more link of the client, and tell whether it is within the limit. Without Redis it is."""
        key = f"made:{client}:{int(now // RATE_WINDOW_S)}"

        async def count() -> int:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(key, 0, ex=RATE_TTL_S, nx=True)
                pipe.incr(key)
                return int((await pipe.execute())[1])

        try:
            return await patience.ask(count) <= RATE_LIMIT
        except NoRedis:
            return True

    @staticmethod
    def _text(link: Link) -> str:
        return json.dumps([link.url, link.expires_at])


# --- the service ------------------------------------------------------------------------------------------------------


class Turnstile:
    """One at a time for each name."""

    def __init__(self) -> None:
        self._queues: dict[Any, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def one(self, name: Any) -> AsyncIterator[None]:
        lock, guests = self._queues.setdefault(name, (asyncio.Lock(), []))
        guests.append(None)
        try:
            async with lock:
                yield
        finally:
            guests.pop()
            if not guests:
                del self._queues[name]


class Service:
    def __init__(self, store: Store, memory: Memory, clock: Callable[[], float]) -> None:
        self._store, self._memory, self._clock = store, memory, clock
        self._turnstile = Turnstile()

    async def create(self, request: Request) -> Response:
        order = Order.parse(await self._body(request))
        api_key = request.headers.get("x-api-key")
        client = "-" if api_key is None else digest(api_key)
        key = request.headers.get("idempotency-key") or None
        if key is None:
            link = await self._create(order, client, key)
        else:  # the others of a race find what the first one made, instead of using up the limit
            async with self._turnstile.one((client, key)):
                link = await self._create(order, client, key)
        body = link.body()
        return JSONResponse(body, 201, {"Location": body["short_url"]})

    async def _create(self, order: Order, client: str, key: str | None) -> Link:
        link: Link | None
        if key is not None or order.alias is not None:
            link = await self._store.read(earlier, order, client, key)
            if link is not None:
                return link
        now = self._clock()
        patience = Patience()
        if not await self._memory.admits(client, now, patience):
            if key is not None:  # has another process been faster with the same key?
                link = await self._store.read(earlier, order, client, key)
                if link is not None:
                    return link
            window_ends = (now // RATE_WINDOW_S + 1) * RATE_WINDOW_S
            retry_after = {"Retry-After": str(max(1, math.ceil(window_ends - now)))}
            message = f"{RATE_LIMIT} links in {RATE_WINDOW_S} s are the most"
            raise Refusal(429, "rate_limited", message, retry_after)
        made: Link = await self._store.write(make_link, order, client, key, now)
        await self._memory.made(made, patience)
        return made

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise invalid("the body is too long")
        return bytes(body)

    async def follow(self, request: Request) -> Response:
        code = request.path_params["code"]
        if not _ALIAS.fullmatch(code):
            raise no_link()
        patience = Patience()
        known, link = await self._memory.link(code, patience)
        if not known:
            link = await self._store.read(find_link, code)
            if link is None:
                await self._memory.missing(code, patience)
            else:
                await self._memory.followed(link, patience)
        if link is None:
            raise no_link()
        now = self._clock()
        if link.expires_at is not None and now >= link.expires_at:
            raise Refusal(410, "expired", "this link has expired")
        try:
            day = datetime.fromtimestamp(now, UTC).date().isoformat()
            hit = self._store.write(add_hit, code, day, referrer_host(request.headers.get("referer")), visitor(request))
            await asyncio.wait_for(hit, HIT_PATIENCE_S)
        except Exception:
            log.exception("a hit of %s was not counted", code)
        return Response(status_code=302, headers={"Location": link.url, "Cache-Control": "no-store"})

    async def stats(self, request: Request) -> Response:
        return JSONResponse(await self._store.read(statistics, request.path_params["code"]))

    async def dashboard(self, request: Request) -> Response:
        rows = []
        for link, referrers in await self._store.read(overview):
            hosts = "".join(f"<li>{html.escape(host)}: <b>{count}</b></li>" for host, count in referrers.items())
            rows.append(
                f"<tr><td>{html.escape(link.code)}</td><td>{html.escape(link.url)}</td>"
                f"<td>{sum(referrers.values())}</td><td><ul>{hosts}</ul></td></tr>\n"
            )
        page = (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Links</title></head><body>\n'
            "<table>\n<tr><th>Code</th><th>URL</th><th>Total</th><th>Referrers</th></tr>\n"
            f"{''.join(rows)}</table>\n</body></html>\n"
        )
        safety = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(page, headers={**safety, "Cache-Control": "no-store"})

    async def healthz(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        try:
            await self._store.read(lambda db: db.execute("SELECT 1 FROM links LIMIT 1").fetchone())
        except sqlite3.Error:
            return JSONResponse({"status": "unavailable"}, 503)
        try:
            await self._memory.ping()
        except NoRedis:
            return JSONResponse({"status": "degraded"})
        return JSONResponse({"status": "ready"})


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    """The service, ready for uvicorn. Threads and connections begin with its lifespan."""
    path = database_url.removeprefix("sqlite:///")
    service: Service | None = None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        nonlocal service
        store, memory = Store(path), Memory(redis_url)
        await store.start()
        service = Service(store, memory, clock)
        try:
            yield
        finally:
            service = None
            await memory.stop()
            await store.stop()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)

    def route(method: str, path: str, name: str) -> None:
        @wraps(getattr(Service, name))
        async def endpoint(request: Request) -> Response:
            try:
                if service is None:
                    raise RuntimeError("the lifespan has not begun")
                return await getattr(service, name)(request)
            except Refusal as refusal:
                return refusal.response()
            except sqlite3.Error:
                log.exception("SQL does not answer")
                return Refusal(503, "unavailable", "try again in a moment").response()
            except Exception:
                log.exception("%s %s", method, path)
                return Refusal(500, "internal_error", "something went wrong on our side").response()

        del endpoint.__wrapped__  # FastAPI is to see the signature of this one
        app.add_api_route(path, endpoint, methods=[method], response_model=None, name=name)

    route("POST", "/links", "create")
    route("GET", "/links/{code}/stats", "stats")
    route("GET", "/dashboard", "dashboard")
    route("GET", "/healthz", "healthz")
    route("GET", "/readyz", "readyz")
    route("GET", "/{code}", "follow")

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        codes = {404: "not_found", 405: "method_not_allowed"}
        headers = dict(error.headers or {})
        return Refusal(
            error.status_code, codes.get(error.status_code, "refused"), str(error.detail), headers
        ).response()

    return app
