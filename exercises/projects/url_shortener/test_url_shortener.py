"""Visible examples: `pytest exercises/projects/url_shortener`. They bring an imitation of Redis with them."""

from threading import Thread

import pytest
from fakeredis import TcpFakeServer
from fastapi.testclient import TestClient
from redis import Redis
from url_shortener import create_app


@pytest.fixture(scope="module")
def redis_server():
    server = TcpFakeServer(("127.0.0.1", 0))
    Thread(target=server.serve_forever, daemon=True).start()
    yield "redis://{}:{}/0".format(*server.server_address)
    server.shutdown()
    server.server_close()


@pytest.fixture
def redis_url(redis_server):
    with Redis.from_url(redis_server) as redis:
        redis.flushall()
    return redis_server


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(tmp_path, redis_url, clock):
    app = create_app(f"sqlite:///{tmp_path}/links.db", redis_url, clock=clock)
    with TestClient(app, follow_redirects=False) as client:
        yield client


def make(client, url="https://example.com/", headers=None, **more):
    return client.post("/links", json={"url": url, **more}, headers=headers)


def test_1_create_and_redirect(client):
    made = make(client, "https://example.com/a?b=1")
    assert made.status_code == 201
    body = made.json()
    assert body == {
        "code": body["code"],
        "short_url": f"https://short.example/{body['code']}",
        "url": "https://example.com/a?b=1",
        "expires_at": None,
    }
    assert made.headers["Location"] == body["short_url"]
    followed = client.get(f"/{body['code']}")
    assert followed.status_code in (302, 307)
    assert followed.headers["Location"] == "https://example.com/a?b=1"
    assert "no-store" in followed.headers["Cache-Control"]
    missing = client.get("/nothing-here")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "not_found"


def test_2_alias_expiry_idempotency(client, clock):
    ask = {"alias": "spring-sale", "ttl_s": 60, "headers": {"Idempotency-Key": "k-1"}}
    made = make(client, **ask)
    assert made.json()["expires_at"] == 1060.0
    assert make(client, **ask).json() == made.json()
    taken = make(client, alias="spring-sale")
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "alias_taken")
    clock.now = 1060.0
    assert client.get("/spring-sale").status_code == 410


def test_3_a_create_is_seen_at_once(client):
    assert client.get("/spring-sale").status_code == 404
    make(client, alias="spring-sale")
    assert client.get("/spring-sale").status_code in (302, 307)


def test_4_rate_limit(client, clock):
    ada, bob = {"X-Api-Key": "ada"}, {"X-Api-Key": "bob"}
    assert [make(client, headers=ada).status_code for _ in range(21)] == [201] * 20 + [429]
    clock.now = 1007.5
    assert make(client, headers=ada).headers["Retry-After"] == "13"
    assert make(client, headers=bob).status_code == 201
    clock.now = 1020.0
    assert make(client, headers=ada).status_code == 201


def test_5_statistics(client):
    code = make(client).json()["code"]
    visitor = {"User-Agent": "Firefox", "X-Forwarded-For": "1.2.3.4, 203.0.113.7"}
    client.get(f"/{code}", headers={**visitor, "Referer": "https://News.example:8080/story"})
    client.get(f"/{code}", headers={**visitor, "X-Forwarded-For": "5.6.7.8, 203.0.113.7"})
    assert client.get(f"/links/{code}/stats").json() == {
        "code": code,
        "url": "https://example.com/",
        "total": 2,
        "by_day": {"1970-01-01": 2},
        "by_referrer": {"news.example": 1, "direct": 1},
        "unique_visitors": 1,
    }
    assert "news.example" in client.get("/dashboard").text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://user:pass@example.com/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "https://short.example/x",
    ],
)
def test_6_unsafe_urls(client, url):
    refused = make(client, url)
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "invalid_request"


def test_7_without_redis(tmp_path, clock):
    app = create_app(f"sqlite:///{tmp_path}/links.db", "redis://127.0.0.1:1/0", clock=clock)
    with TestClient(app, follow_redirects=False) as client:
        assert client.get("/readyz").json() == {"status": "degraded"}
        code = make(client).json()["code"]
        assert client.get(f"/{code}").status_code in (302, 307)
