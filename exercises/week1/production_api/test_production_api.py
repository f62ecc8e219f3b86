"""Visible examples: `pytest exercises/week1/production_api`."""

import json

import pytest
from fastapi.testclient import TestClient
from production_api import Settings, create_app

SHOP = "https://shop.example"


class Products:
    """One product, and failures on demand."""

    failure = ""

    def __call__(self, product_id):
        if self.failure:
            raise RuntimeError(self.failure)
        return {"id": "7", "name": "Kettle", "cents": 1999} if product_id == "7" else None


@pytest.fixture
def products():
    return Products()


def client_at(peer, products):
    app = create_app(
        Settings(
            find_product=products,
            is_ready=lambda: not products.failure,
            allowed_origins=[SHOP],
            trusted_proxies=["10.0.0.0/8"],
            max_body_bytes=1000,
        )
    )
    return TestClient(app, raise_server_exceptions=False, client=(peer, 40_000))


@pytest.fixture
def client(products):
    with client_at("203.0.113.9", products) as client:
        yield client


def test_versions(client):
    assert client.get("/v1/products/7").json() == {"id": "7", "name": "Kettle", "price": 19.99}
    new = client.get("/v2/products/7")
    assert new.json() == {"id": "7", "name": "Kettle", "price": {"cents": 1999, "currency": "EUR"}}
    assert "Deprecation" not in new.headers
    missing = client.get("/v1/products/8")
    assert missing.status_code == 404
    assert missing.headers["Deprecation"] == "@1767225600"
    assert missing.headers["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert missing.headers["Link"] == '</v2/products/8>; rel="successor-version"'


def test_an_unexpected_error(client, products, capsys):
    products.failure = "the password is hunter2"
    failed = client.get("/v2/products/7", headers={"Origin": SHOP})
    assert failed.status_code == 500
    request_id = failed.headers["X-Request-ID"]
    error = failed.json()["error"]
    assert (error["code"], error["request_id"]) == ("internal_error", request_id)
    assert failed.headers["X-Frame-Options"] == "DENY"
    assert failed.headers["Access-Control-Allow-Origin"] == SHOP
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["request_id"], line["status"], line["level"]) == (request_id, 500, "error")
    assert line["error"] == "RuntimeError"


def test_other_origins(client):
    answer = client.get("/v2/products/7", headers={"Origin": "https://shop.example.evil.com"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_body_limit(client):
    assert client.post("/v2/feedback", json={"text": "fine"}).json() == {"received": 4}
    large = client.post("/v2/feedback", json={"text": "x" * 1000})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")


def test_log_holds_no_secret(client, capsys):
    client.get("/v2/products/7?token=s3cret", headers={"Authorization": "Bearer s3cret"})
    text = capsys.readouterr().out
    assert json.loads(text)["headers"]["authorization"] == "[redacted]"
    assert "s3cret" not in text


def test_health(client, products):
    assert client.get("/readyz").json() == {"status": "ready"}
    products.failure = "gone"
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", "198.51.100.4", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9, 198.51.100.4", "198.51.100.4"),
        ("10.1.2.3", "198.51.100.4, 10.4.5.6", "198.51.100.4"),
    ],
)
def test_client_address(products, peer, forwarded, expected):
    with client_at(peer, products) as client:
        answer = client.get("/v2/client", headers={"X-Forwarded-For": forwarded})
    assert answer.json() == {"client": expected}
