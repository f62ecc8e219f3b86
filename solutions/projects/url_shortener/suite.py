"""Hidden suite of projects/url_shortener. Statement: exercises/projects/url_shortener/README.md."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check

PUBLIC_URL = "https://short.example"
URL = "https://example.com/"
LIMIT = 20
BURST = LIMIT + 2

#: How long the write lock is held while requests race, at least and at most: who looks first and writes afterwards has
#: looked by then.
HOLD_S, MOST_S = 0.1, 1.5
#: How many requests race for one link.
RACERS = 6
#: How late Redis answers while requests race, for the same reason.
DELAY_S = 0.05
CODE = re.compile(r"[0-9A-Za-z_-]+")
BASE62 = re.compile(r"[0-9A-Za-z]{7,32}")


class Clients:
    """Names of clients that make one request each, so that the rate limit is met on purpose only."""

    def __init__(self) -> None:
        self.made = 0

    def __next__(self) -> str:
        self.made += 1
        return f"client-{self.made}"


clients = Clients()


# --- 1 create and redirect


@check(
    "a link is created and leads to exactly its URL",
    points=6,
    stage="core",
    hint="Are body, Location and short_url as in the contract? Is the URL kept as it was sent?",
    milestone="1 create and redirect",
)
def test_create_and_redirect(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    made = {}
    for url in (
        "https://example.com",
        "https://example.com/a/b?q=1&r=%20#top",
        "http://example.org:8080/it's(ok)!*;=,$",
        "https://example.net/@user?next=https://example.com/",
    ):
        reply = site.client.post("/links", json={"url": url}, headers={"Host": "evil.example"})
        body = body_of(reply, 201)
        code = body.get("code")
        assert CODE.fullmatch(str(code)), f"{code!r} is no code"
        same(body, {"code": code, "short_url": f"{PUBLIC_URL}/{code}", "url": url, "expires_at": None})
        assert reply.headers.get("Location") == f"{PUBLIC_URL}/{code}"
        made[code] = url
    assert len(made) == 4, "two links have the same code"
    for code, url in made.items():
        assert target_of(site.client.get(f"/{code}")) == url
    answered(site.client.get("/nothing-here"), 404)


@check(
    "a redirect is temporary and nobody stores it",
    points=4,
    stage="core",
    hint="A browser that stored the redirect never comes back, and its hits are not counted.",
    milestone="1 create and redirect",
)
def test_redirect_is_temporary(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    code = create(site)["code"]
    for _ in range(2):  # from SQL, then from the cache
        reply = site.client.get(f"/{code}")
        answered(reply, 302, 307)
        stored = reply.headers.get("Cache-Control", "")
        assert "no-store" in stored.lower(), f"Cache-Control is {stored!r}, expected no-store"


@check(
    "links outlive the service",
    points=3,
    stage="core",
    hint="The next process has the database file and an empty Redis, nothing else.",
    milestone="1 create and redirect",
)
def test_links_outlive_the_service(web, services, database, manual_clock):
    redis = services.redis()
    site = serve(web, database, redis, manual_clock)
    codes = [create(site, f"https://example.com/{number}")["code"] for number in range(3)]
    site.stop()
    redis.client.flushall()
    site = serve(web, database, redis, manual_clock)
    for number, code in enumerate(codes):
        assert target_of(site.client.get(f"/{code}")) == f"https://example.com/{number}"


@check(
    "every refusal has the same envelope",
    points=4,
    stage="robust",
    hint="FastAPI answers in its own shape unless you handle RequestValidationError and HTTPException.",
    milestone="1 create and redirect",
)
def test_refusals_have_one_envelope(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    code = create(site)["code"]
    for body in ('{"url": ', "[]", "null", "{}", '{"url": null}', '{"url": 5}', '{"url": [1]}'):
        headers = {"Content-Type": "application/json", "X-Api-Key": next(clients)}
        refused(site.client.post("/links", content=body, headers=headers), 422, "invalid_request")
    for path in ("/nothing-here", "/x%00y", f"/{code}x", f"/{'a' * 3000}"):
        refused(site.client.get(path), 404, "not_found")
    target_of(site.client.get(f"/{code}"))


@check(
    "a code that is drawn twice overwrites nothing",
    points=3,
    stage="robust",
    hint="Let a unique column decide, and draw again when it refuses.",
    milestone="1 create and redirect",
)
def test_collision_draws_again(web, services, database, manual_clock, driver):
    site = serve(web, database, services.redis(), manual_clock)
    create(site)
    driver.record_chance()
    first = create(site, "https://example.com/first")["code"]
    driver.repeat_chance()
    second = create(site, "https://example.com/second")["code"]
    assert first != second, "two links have the same code"
    assert target_of(site.client.get(f"/{first}")) == "https://example.com/first"
    assert target_of(site.client.get(f"/{second}")) == "https://example.com/second"


# --- 2 aliases, expiry, idempotency


@check(
    "an alias is a code of one's own, taken once",
    points=6,
    stage="core",
    hint="Which characters does your pattern allow? Does it look at the whole alias? Which are routes?",
    milestone="2 aliases, expiry, idempotency",
)
def test_alias(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    for alias in ("abcd", "z" * 32, "2026", "Spring-Sale_26"):
        made = create(site, f"https://example.com/{alias}", alias=alias)
        assert (made["code"], made["short_url"]) == (alias, f"{PUBLIC_URL}/{alias}")
        assert target_of(site.client.get(f"/{alias}")) == f"https://example.com/{alias}"
    refused(post(site, "https://example.org/", alias="Spring-Sale_26"), 409, "alias_taken")
    assert target_of(site.client.get("/Spring-Sale_26")) == "https://example.com/Spring-Sale_26"
    for alias in (
        "",
        "abc",
        "z" * 33,
        "a b c d",
        "a/b/c",
        "abcd!",
        "abcd\n",
        "\nabcd",
        "größe",
        "٣٤٥٦",
        2026,
    ):
        unprocessable(post(site, alias=alias), "the alias", alias)
    for alias in ("links", "dashboard", "healthz", "readyz", "docs", "redoc"):
        unprocessable(post(site, alias=alias), "the alias", alias)
    assert BASE62.fullmatch(str(create(site, alias=None)["code"])), "an alias of null asks for a random code"


@check(
    "a link ends at the second it was told to",
    points=6,
    stage="core",
    hint="A link that comes from the cache ends too, and only the clock that you were given knows when.",
    milestone="2 aliases, expiry, idempotency",
)
def test_expiry(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    short = create(site, ttl_s=60, alias="soon-gone")
    long = create(site, ttl_s=31_536_000)["code"]
    assert short["expires_at"] == 1060.0
    for now in (1000.0, 1059.5):
        manual_clock.set(now)
        target_of(site.client.get("/soon-gone"))
    for now in (1060.0, 90_000.0):
        manual_clock.set(now)
        refused(site.client.get("/soon-gone"), 410, "expired")
    refused(post(site, alias="soon-gone"), 409, "alias_taken")
    target_of(site.client.get(f"/{long}"))
    manual_clock.set(1000.0 + 31_536_000)
    refused(site.client.get(f"/{long}"), 410, "expired")
    for ttl_s in (0, -1, 31_536_001, 1.5, "soon", [60]):
        unprocessable(post(site, ttl_s=ttl_s), "ttl_s =", ttl_s)


@check(
    "a request that comes twice with one Idempotency-Key makes one link",
    points=6,
    stage="core",
    hint="Whose key is it, for which request, and what does the second answer say?",
    milestone="2 aliases, expiry, idempotency",
)
def test_idempotency_key(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    first = create(site, ttl_s=60, client="ada", key="k-1")
    manual_clock.advance(10)
    same(create(site, ttl_s=60, client="ada", key="k-1"), first)
    for who, key, whose in (
        ("ada", "k-2", "another key"),
        ("bob", "k-1", "another client's key"),
        ("ada", "", "no key"),
    ):
        code = create(site, ttl_s=60, client=who, key=key)["code"]
        assert code != first["code"], f"a request with {whose} was given the first request's link"
    for other in ({"url": "https://example.com/other"}, {"ttl_s": 61}, {"alias": "another"}):
        reply = post(site, **({"ttl_s": 60} | other), client="ada", key="k-1")
        refused(reply, 422, "idempotency_mismatch")
    named = create(site, alias="by-name", client="ada", key="k-3")
    same(create(site, alias="by-name", client="ada", key="k-3"), named)
    refused(post(site, alias="by-name", client="ada", key="k-4"), 409, "alias_taken")
    assert create(site, alias="by-name-2", client="ada", key="k-4")["code"] == "by-name-2"


@check(
    "creates that race agree on one winner",
    points=4,
    stage="robust",
    hint="Between looking and writing, another request may write. Let a unique constraint decide.",
    milestone="2 aliases, expiry, idempotency",
)
async def test_creates_that_race(web, services, database, manual_clock, driver):
    site = serve(web, database, services.redis(), manual_clock)
    async with site.async_client() as client:
        for key, body in (("k-1", {"url": URL}), ("k-2", {"url": URL, "alias": "mine"})):
            requests = [send(client, body, "ada", key) for _ in range(RACERS)]
            replies = await at_once(requests, client, driver, database)
            made = [body_of(reply, 201) for reply in replies]
            assert all(one == made[0] for one in made), f"one Idempotency-Key gave different answers: {made}"
        await one_winner(site, [client], driver, database)


# --- 3 cache


@check(
    "a cached redirect asks Redis, little, and never the database",
    points=6,
    stage="core",
    hint="Cache-aside: Redis, then SQL, then remember it in Redis for a time. Keep the connections open.",
    milestone="3 cache",
)
def test_cached_redirect(web, services, database, manual_clock, driver):
    redis = services.redis()
    site = serve(web, database, redis, manual_clock)
    other = serve(web, database, redis, manual_clock)
    code = create(site, "https://example.com/hot")["code"]
    for either in (site, other):
        target_of(either.client.get(f"/{code}"))
    redis.client.flushall()
    target_of(site.client.get(f"/{code}"))
    commands, connections = len(redis.commands), redis.connections
    for _ in range(10):
        target_of(site.client.get(f"/{code}"))
    sent, opened = len(redis.commands) - commands, redis.connections - connections
    assert 10 <= sent <= 30, f"10 redirects from the cache sent Redis {sent} commands, expected 1 to 3 each"
    assert opened <= 5, f"10 redirects from the cache opened {opened} connections to Redis, expected 5 at most"
    changed(driver.hide_rows(database.path))
    for either in (site, other):
        reply = either.client.get(f"/{code}")
        assert reply.status_code != 404, "a cached link was answered 404 after its row was taken from the database"
        assert target_of(reply) == "https://example.com/hot"
    for key in redis.client.scan_iter():
        assert redis.client.ttl(key) != -1, f"the Redis key {key!r} has no time to live"


@check(
    "an unknown code is remembered, until somebody makes it",
    points=6,
    stage="core",
    hint="Remember in Redis that a code does not exist, for at most 60 s. What must a create do about it?",
    milestone="3 cache",
)
def test_unknown_code_is_remembered(web, services, database, manual_clock, driver):
    redis = services.redis()
    site = serve(web, database, redis, manual_clock)
    other = serve(web, database, redis, manual_clock)
    for alias in ("spring-sale", "autumn-sale"):
        for either in (site, other, site):
            answered(either.client.get(f"/{alias}"), 404)
        create(other, f"https://example.com/{alias}", alias=alias)
        for either in (site, other):
            reply = either.client.get(f"/{alias}")
            assert reply.status_code != 404, f"/{alias} is still answered 404 after the link was made"
            assert target_of(reply) == f"https://example.com/{alias}"
    changed(driver.hide_rows(database.path))
    redis.client.flushall()
    answered(site.client.get("/spring-sale"), 404)
    changed(driver.restore_rows(database.path))
    for either in (site, other):
        reply = either.client.get("/spring-sale")
        assert reply.status_code == 404, (
            "a code that was just looked up in vain was looked up in the database again "
            f"(a row put there in between was answered {reply.status_code})"
        )
    for key in redis.client.scan_iter():
        left = redis.client.ttl(key)
        assert left != -1, f"the Redis key {key!r} has no time to live"
        assert left <= 60, f"the Redis key {key!r} lives {left} s, expected 60 at most"
    redis.client.flushall()
    assert target_of(site.client.get("/spring-sale")) == "https://example.com/spring-sale"


# --- 4 rate limit


@check(
    "a client makes 20 links a minute, and not one more",
    points=6,
    stage="core",
    hint="Count with one atomic command, by client and by window of the clock you were given.",
    milestone="4 rate limit",
)
async def test_rate_limit(web, services, database, manual_clock):
    redis = services.redis()
    site = serve(web, database, redis, manual_clock)
    for _ in range(LIMIT):
        code = create(site, client="ada")["code"]
    for now, wait in ((1000.0, "20"), (1007.5, "13"), (1019.5, "1")):
        manual_clock.set(now)
        reply = post(site, client="ada")
        refused(reply, 429, "rate_limited")
        assert reply.headers.get("Retry-After") == wait, (
            f"at {now} s Retry-After is {reply.headers.get('Retry-After')!r}, expected {wait!r}"
        )
    create(site, client="bob")
    target_of(site.client.get(f"/{code}"))
    manual_clock.set(1020.0)
    create(site, client="ada")
    redis.delay = DELAY_S
    async with site.async_client() as client:
        replies = await asyncio.gather(*(send(client, {"url": URL}, None) for _ in range(BURST)))
    twenty_made(replies, "without X-Api-Key")


# --- 5 analytics

VISITS = [
    (None, None),
    ("https://news.example/story?id=1", "203.0.113.7"),
    ("http://NEWS.example:8080/", "198.51.100.1, 203.0.113.7"),
    ("https://blog.example/", "198.51.100.2,203.0.113.7"),
    ("about:blank", "203.0.113.7, 203.0.113.8"),
    ("no url at all", "203.0.113.8"),
]
HOSTS = ["direct", "news.example", "news.example", "blog.example", "direct", "direct"]
ADDRESSES = ["", "203.0.113.7", "203.0.113.7", "203.0.113.7", "203.0.113.8", "203.0.113.8"]
MIDNIGHT = 1_798_675_200  # 2026-12-31 00:00 UTC
DAYS = [0, 43_200, 86_399.5, 86_400, 0, 2 * 86_400]  # seconds after that


@check(
    "statistics count every redirect by day, referrer and visitor",
    points=6,
    stage="core",
    hint="Which clock tells the day? Which entry of X-Forwarded-For can a visitor not write?",
    milestone="5 analytics",
)
def test_statistics(web, services, database, manual_clock):
    redis = services.redis()
    site = serve(web, database, redis, manual_clock)
    other = serve(web, database, redis, manual_clock)

    moments = st.sampled_from([0, 1, 43_200, 86_399.5, 86_400, 2 * 86_400 - 1, 2 * 86_400])
    visits = st.tuples(st.integers(0, 1), st.integers(0, 5), moments, st.sampled_from(["Firefox", "curl"]))

    @settings(max_examples=2)
    @given(st.lists(visits, max_size=10))
    @example([(0, kind, DAYS[kind], "Firefox") for kind in range(6)] + [(0, 1, 0, "curl"), (1, 0, 0, "curl")])
    def counted(history):
        codes = [create(site, f"https://example.com/{number}")["code"] for number in range(2)]
        for link, kind, moment, agent in history:
            manual_clock.set(MIDNIGHT + moment)
            referer, forwarded = VISITS[kind]
            headers = {"User-Agent": agent, "Referer": referer, "X-Forwarded-For": forwarded}
            sent = {name: value for name, value in headers.items() if value is not None}
            target_of(site.client.get(f"/{codes[link]}", headers=sent))
        for link, code in enumerate(codes):
            mine = [visit for visit in history if visit[0] == link]
            days = (datetime.fromtimestamp(MIDNIGHT + moment, UTC) for _, _, moment, _ in mine)
            expected = {
                "code": code,
                "url": f"https://example.com/{link}",
                "total": len(mine),
                "by_day": dict(Counter(day.strftime("%Y-%m-%d") for day in days)),
                "by_referrer": dict(Counter(HOSTS[kind] for _, kind, _, _ in mine)),
                "unique_visitors": len({(ADDRESSES[kind], agent) for _, kind, _, agent in mine}),
            }
            same(body_of(other.client.get(f"/links/{code}/stats"), 200), expected)

    counted()
    code = create(site, ttl_s=60)["code"]
    target_of(site.client.get(f"/{code}"))
    manual_clock.advance(60)
    answered(site.client.get(f"/{code}"), 410)
    total = body_of(other.client.get(f"/links/{code}/stats"), 200).get("total")
    assert total == 1, f"1 redirect was answered before the link expired, total is {total}"
    answered(site.client.get("/links/nothing-here/stats"), 404)


@check(
    "50 hits at once are 50 hits",
    points=5,
    stage="robust",
    hint="Reading a number, adding one and writing it back loses what others wrote meanwhile.",
    milestone="5 analytics",
)
async def test_hits_at_once(web, services, database, manual_clock, driver):
    site = serve(web, database, services.redis(), manual_clock)
    code = create(site)["code"]
    agents = [{"User-Agent": f"agent {n % 10}", "Referer": "https://news.example/"} for n in range(50)]
    target_of(site.client.get(f"/{code}", headers=agents[0]))
    async with site.async_client() as client:
        requests = [client.get(f"/{code}", headers=agent) for agent in agents]
        for reply in await at_once(requests, client, driver, database):
            target_of(reply)
    expected = {
        "code": code,
        "url": URL,
        "total": 51,
        "by_day": {"1970-01-01": 51},
        "by_referrer": {"news.example": 51},
        "unique_visitors": 10,
    }
    same(body_of(site.client.get(f"/links/{code}/stats"), 200), expected)


@check(
    "the dashboard shows what strangers wrote as text",
    points=3,
    stage="robust",
    hint="A referrer is written by whoever sends the request. Escape when you write HTML, not before.",
    milestone="5 analytics",
)
def test_dashboard(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    urls = ["https://example.com/?a=1&lt;b&gt;&amp;", "https://example.com/'onmouseover='alert(1)'x='"]
    codes = [create(site, url)["code"] for url in urls]
    for _ in range(13):
        site.client.get(f"/{codes[0]}", headers={"Referer": "https://news.example/"})
    for referer in ("http://<script>alert(1)</script>/", 'http://"><img src=x onerror=alert(1)>/'):
        target_of(site.client.get(f"/{codes[1]}", headers={"Referer": referer}))
    reply = site.client.get("/dashboard")
    answered(reply, 200)
    assert reply.headers.get("Content-Type", "").startswith("text/html"), "the dashboard is no text/html"
    page = Page()
    page.feed(reply.text)
    page.close()
    assert not page.injected, f"the dashboard holds markup that a stranger wrote: {page.injected}"
    for text in (*codes, *urls, "news.example", "13"):
        assert re.search(rf"(?<!\w){re.escape(text)}(?!\w)", page.text), f"the dashboard does not show {text!r}"


# --- 6 abuse


@check(
    "codes cannot be guessed",
    points=5,
    stage="core",
    hint="Seven or more characters, each drawn from all 62 by secrets: no counter, hash or clock.",
    milestone="6 abuse",
)
def test_codes_cannot_be_guessed(web, services, database, manual_clock, driver):
    redis = services.redis()
    site = serve(web, database, redis, manual_clock)
    driver.seed(20)
    codes = [str(create(site, f"https://example.com/{number}")["code"]) for number in range(24)]
    for code in codes:
        assert BASE62.fullmatch(code), f"{code!r} is no code of 7 to 32 base62 characters"
    assert len(set(codes)) == 24, "two links have the same code"
    for place in range(7):
        seen = len({code[place] for code in codes})  # about 20 of 62; fewer than 10 by chance: never
        assert seen >= 10, f"character {place + 1} of 24 codes takes only {seen} of 62 values: {codes[:3]}"
    seen = len(set("".join(codes)))  # about 58 of 62; fewer than 43 by chance: never
    assert seen >= 43, f"24 codes are made of only {seen} of 62 characters: {codes[:3]}"
    redis.client.flushall()
    twin = web.serve("create_app", database.url + "-twin", redis.url, clock=manual_clock)
    driver.seed(20)
    again = {str(create(twin, f"https://example.com/{number}")["code"]) for number in range(5)}
    both = sorted(again & set(codes))
    assert not both, f"a second service with a database of its own made the same codes again: {both[:3]}"


REFUSED_URLS = [
    "javascript:alert(1)",
    "JavaScript://example.com/%0aalert(1)",
    "ftp://example.com/",
    "file:///etc/passwd",
    "example.com",
    "https:example.com",
    "https:///example.com",
    "https://",
    "https://user:secret@example.com/",
    "https://example.com@evil.example/",
    " https://example.com/",
    "https://example.com/\r\nSet-Cookie: a=1",
    "https://example.com/a\tb",
    "https://example.com/\n",
    "\x00https://example.com/",
    "https://example.com/<script>",
    "https://example.com\\@evil.example/",
    "https://bücher.example/",
    "https://\u017fhort.example/",
    "https://short.example/abcdefg",
    "http://SHORT.Example/",
    "https://short.example.:8443/x",
    "https://example.com:99999/",
    "https://example.com:port/",
    "http://[::1",
    "http://[no-address]/",
    "https://%6c%6fcalhost.example/",
    "http://LOCALHOST.:8000/",
    "http://intranet/",
    "http://api.localhost/",
    "http://printer.local/",
    "http://db.internal./",
    "https://example.com/" + "a" * 2029,
]
ACCEPTED_URLS = [
    "http://example.com/",
    "HTTPS://EXAMPLE.COM/Path",
    "https://example.com:8443/x?y#z",
    "https://example.com?to=javascript:alert(1)",
    "https://example.com/@user",
    "https://example.com/?next=http://127.0.0.1/",
    "https://xn--bcher-kva.example/",
    "https://notshort.example/",
    "https://short.example.org/",
    "https://localhost.example/",
    "https://internal.example.com./",
    "https://127.example/",
    "https://example.com/" + "a" * 2028,
]


@check(
    "only ordinary public web addresses are shortened",
    points=6,
    stage="robust",
    hint="Say what is allowed, not what is forbidden. What does urlsplit do with a tab, an @ or a bad port?",
    milestone="6 abuse",
)
def test_unsafe_urls_are_refused(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    for url in ACCEPTED_URLS:
        reply = post(site, url)
        assert reply.status_code == 201, f"the URL {shown(url)} was answered {reply.status_code}, expected 201"
        kept = body_of(reply, 201).get("url")
        assert kept == url, f"url is {shown(kept)}, expected {shown(url)}"
    for url in REFUSED_URLS:
        unprocessable(post(site, url), "the URL", url)


INTERNAL = [
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
INTERNAL_6 = [IPv6Network(network) for network in ("::1/128", "::/128", "fc00::/7", "fe80::/10", "ff00::/8")]
PRIVATE = (
    *("127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "0X7F000001", "10.0.1", "169.254.169.254"),
    *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1:8080", "172.15.0.1", "100.128.0.1", "[2606:4700:4700::1111]", "[2a00::1]:80")


def inside(networks):
    """Addresses of the networks, as numbers."""
    return st.sampled_from(networks).flatmap(lambda n: st.integers(int(n[0]), int(n[-1])))


def spelt(number: int, parts: int, bases: list[str]) -> str:
    """An IPv4 address in 1 to 4 numbers, as inet_aton reads them; the last one fills what is left."""
    octets = number.to_bytes(4, "big")
    numbers = [*octets[: parts - 1], int.from_bytes(octets[parts - 1 :], "big")]
    return ".".join(base % part for base, part in zip(bases, numbers, strict=False))


@check(
    "no link leads into a private network, however its address is spelt",
    points=4,
    stage="production",
    hint="127.1, 0x7f000001, 2130706433 and [::ffff:7f00:1] are all 127.0.0.1 to a browser.",
    milestone="6 abuse",
)
def test_private_addresses_are_refused(web, services, database, manual_clock):
    site = serve(web, database, services.redis(), manual_clock)
    bases = st.lists(st.sampled_from(["%d", "0x%x", "0X%X", "0%o"]), min_size=4, max_size=4)
    odd = st.builds(spelt, inside(INTERNAL), st.integers(1, 4), bases)
    plain = inside(INTERNAL).map(lambda number: str(IPv4Address(number)))
    mapped = inside(INTERNAL).map(lambda number: IPv6Address(0xFFFF << 32 | number))
    spellings = st.sampled_from([str, lambda address: address.exploded, lambda address: str(address).upper()])
    six = st.builds(
        lambda address, spell: f"[{spell(address)}]",
        st.one_of(mapped, inside(INTERNAL_6).map(IPv6Address)),
        spellings,
    )
    dotted = plain.map(lambda host: f"[::ffff:{host}]")
    ends = st.sampled_from(["", "/", ":8080/x", "/?a=b"])

    @settings(max_examples=6)
    @given(st.one_of(plain, plain.map(lambda host: host + "."), odd, six, dotted), ends)
    def refused_everywhere(host, end):
        unprocessable(post(site, f"http://{host}{end}"), "the URL", f"http://{host}{end}")

    for host in PUBLIC:
        create(site, f"https://{host}/")
    edges = [address for network in INTERNAL for address in (f"{network[0]}", f"[::ffff:{network[-1]}]")]
    edges_6 = [f"[{address}]" for network in INTERNAL_6 for address in (network[0], network[-1])]
    for host in dict.fromkeys((*PRIVATE, *edges, *edges_6)):
        unprocessable(post(site, f"http://{host}/"), "the URL", f"http://{host}/")
    refused_everywhere()


# --- 7 operations


@check(
    "without Redis everything still works",
    points=6,
    stage="production",
    hint="Redis may refuse, or hang: give it a short timeout, treat it as empty, and say so in /readyz.",
    milestone="7 operations",
)
def test_without_redis(web, services, database, manual_clock):
    redis = services.redis()
    site = serve(web, database, redis, manual_clock)
    state(site, "ready")
    before = create(site, "https://example.com/before", client="ada", key="k-1")
    target_of(site.client.get(f"/{before['code']}"))

    redis.stop()
    state(site, "degraded")
    same(create(site, "https://example.com/before", client="ada", key="k-1"), before)
    during = create(site, "https://example.com/during", alias="during")["code"]
    refused(post(site, alias="during"), 409, "alias_taken")
    for code, url in ((before["code"], "https://example.com/before"), (during, "https://example.com/during")):
        assert target_of(site.client.get(f"/{code}")) == url
    answered(site.client.get("/nothing-here"), 404)
    total = body_of(site.client.get(f"/links/{before['code']}/stats"), 200).get("total")
    assert total == 2, f"2 redirects were answered, one of them without Redis, and total is {total}"
    answered(site.client.get("/dashboard"), 200)

    redis.start()
    state(site, "ready")
    assert target_of(site.client.get(f"/{during}")) == "https://example.com/during"

    redis.delay = 60.0
    state(site, "degraded")
    assert target_of(site.client.get(f"/{before['code']}")) == "https://example.com/before"
    redis.delay = 0.0
    total = body_of(site.client.get(f"/links/{before['code']}/stats"), 200).get("total")
    assert total == 3, f"3 redirects were answered, one of them while Redis hung, and total is {total}"


# --- 8 several processes


@check(
    "two processes are one service",
    points=5,
    stage="production",
    hint="What one process keeps for itself, the other does not know.",
    needs=("processes",),
    milestone="8 several processes",
)
async def test_two_processes(web, services, database, manual_clock, driver):
    redis = services.redis()
    one, two = serve(web, database, redis, manual_clock, processes=2)
    answered(two.client.get("/campaign"), 404)
    create(one, "https://example.com/campaign", alias="campaign", client="ada", key="k-1")
    assert target_of(two.client.get("/campaign")) == "https://example.com/campaign"
    again = create(two, "https://example.com/campaign", alias="campaign", client="ada", key="k-1")
    assert again["code"] == "campaign"
    async with one.async_client() as first, two.async_client() as second:
        both = [first, second]
        for reply in await asyncio.gather(*(both[n % 2].get("/campaign") for n in range(8))):
            target_of(reply)
        await one_winner(one, both, driver, database)
        replies = await asyncio.gather(*(send(both[n % 2], {"url": URL}, "bob") for n in range(BURST)))
    for site in (one, two):
        total = body_of(site.client.get("/links/campaign/stats"), 200).get("total")
        assert total == 9, f"two processes answered 9 redirects, and total is {total}"
    twenty_made(replies, "of one client at two processes")


# --- Helpers


def serve(web, database, redis, clock, **more: Any):
    clients.made = 0
    return web.serve("create_app", database.url, redis.url, clock=clock, **more)


def post(site, url: str = URL, *, client: str | None = "", key: str = "", **more: Any):
    """POST /links; without a ``client`` as one that nobody else is, with None as nobody."""
    headers = {"X-Api-Key": client or next(clients)} if client is not None else {}
    if key:
        headers["Idempotency-Key"] = key
    return site.client.post("/links", json={"url": url} | more, headers=headers)


def send(client, body: dict[str, Any], name: str | None, key: str = ""):
    """POST /links by an asynchronous client: to be awaited. With None as nobody."""
    headers = ({"X-Api-Key": name} if name else {}) | ({"Idempotency-Key": key} if key else {})
    return client.post("/links", json=body, headers=headers)


def create(site, *args: Any, **more: Any) -> dict[str, Any]:
    """A new link, as it was answered, with the keys that an answer must have."""
    body = body_of(post(site, *args, **more), 201)
    assert set(body) == {"code", "short_url", "url", "expires_at"}
    return body


def answered(reply, *statuses: int) -> None:
    expected = " or ".join(str(status) for status in statuses)
    said = f": {reply.text[:300]}" if reply.text else ""
    assert reply.status_code in statuses, f"{asked(reply)} was answered {reply.status_code}, expected {expected}{said}"


def body_of(reply, status: int) -> dict[str, Any]:
    """The JSON object of an answer."""
    answered(reply, status)
    try:
        body = reply.json()
    except ValueError:
        body = None
    assert isinstance(body, dict), f"{asked(reply)} was not answered with a JSON object: {reply.text[:300]}"
    return body


def same(body: dict[str, Any], expected: dict[str, Any]) -> None:
    """Field by field, so that the message is about the one that is wrong."""
    assert set(body) == set(expected)
    for name, value in expected.items():
        assert body[name] == value, f"{name} is {body[name]!r}, expected {value!r}"


def refused(reply, status: int, code: str) -> None:
    body = body_of(reply, status)
    error = body.get("error")
    right = isinstance(error, dict) and error.get("code") == code and isinstance(error.get("message"), str)
    expected = {"error": {"code": code, "message": "..."}}
    assert right, f"the body of the {status} to {asked(reply)} is {body}, expected {expected}"


def target_of(reply) -> str | None:
    """Where a redirect leads; whether it is one of the right kind, another check decides."""
    status = reply.status_code
    assert status in (301, 302, 303, 307, 308), f"{asked(reply)} was answered {status}, expected a redirect"
    location: str | None = reply.headers.get("Location")
    return location


def asked(reply) -> str:
    return f"{reply.request.method} {reply.request.url.raw_path.decode()[:100]}"


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) < 100 else f"{text[:40]}...' ({len(text) - 2} characters)"


def unprocessable(reply, what: str, value: object) -> None:
    status = reply.status_code
    assert status == 422, f"{what} {shown(value)} was answered {status}, expected 422"


def changed(fault: str) -> None:
    assert not fault, f"the rows of the database file could not be changed from outside: {fault}"


def state(site, readiness: str) -> None:
    assert body_of(site.client.get("/healthz"), 200) == {"status": "ok"}
    assert body_of(site.client.get("/readyz"), 200) == {"status": readiness}


def twenty_made(replies: list[Any], whose: str) -> None:
    statuses = Counter(reply.status_code for reply in replies)
    assert statuses == {201: LIMIT, 429: len(replies) - LIMIT}, (
        f"{len(replies)} creates at once {whose} were answered {dict(statuses)}, expected 20 times 201"
    )


async def at_once(requests: list[Any], client, driver, database) -> list[Any]:
    """The answers to requests that meet a write lock, which is taken until requests that came later were answered."""
    driver.hold_writes(database.path, MOST_S)
    sent = [asyncio.ensure_future(request) for request in requests]
    await asyncio.sleep(HOLD_S)
    for _ in range(2):
        await client.get("/nothing-here")
    driver.let_writes_go()
    return await asyncio.gather(*sent)


async def one_winner(site, senders: list[Any], driver, database) -> None:
    """Requests for one alias at once, dealt out to the senders: one gets it and the redirect."""
    bodies = [{"url": f"https://example.com/{number}", "alias": "race"} for number in range(RACERS)]
    turns = zip(itertools.cycle(senders), bodies, strict=False)
    requests = [send(sender, body, next(clients)) for sender, body in turns]
    replies = await at_once(requests, senders[0], driver, database)
    statuses = sorted(reply.status_code for reply in replies)
    once = [201] + [409] * (RACERS - 1)
    assert statuses == once, f"{RACERS} requests for one alias at once were answered {statuses}, expected {once}"
    (winner,) = (body for body, reply in zip(bodies, replies, strict=True) if reply.status_code == 201)
    assert target_of(site.client.get("/race")) == winner["url"]


class Page(HTMLParser):
    """The text of a page, and the markup in it that this suite has tried to smuggle in."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.injected: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if any(name.startswith("on") or (tag == "img" and value == "x") for name, value in attrs):
            self.injected.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        self.text += f"\n{data}"
        if self.lasttag == "script" and "alert(1)" in data:
            self.injected.append(f"<script>{data}")
