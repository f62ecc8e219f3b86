"""Visible examples: `pytest exercises/week1/validated_endpoint`."""

import json

import pytest
from fastapi.testclient import TestClient
from validated_endpoint import create_app

ORDER = {
    "customer": "Ada",
    "currency": "EUR",
    "items": [{"sku": "PEN-1", "quantity": 3, "unit_price": 110}, {"sku": "INK", "quantity": 1, "unit_price": 29}],
}


@pytest.fixture
def client():
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client


def error_of(reply, status):
    assert reply.status_code == status, reply.text
    return reply.json()["error"]


def test_create_and_find(client):
    made = client.post("/orders", json=ORDER)
    assert made.status_code == 201
    order = made.json()
    assert order == {**ORDER, "id": order["id"], "status": "new", "note": None, "total": 359}
    assert made.headers["Location"] == f"/orders/{order['id']}"
    assert client.get(made.headers["Location"]).json() == order
    assert error_of(client.get("/orders/nothing-here"), 404)["code"] == "not_found"


def test_faults_are_named(client):
    wrong = {**ORDER, "customer": "", "coupon": "X", "items": [{"sku": "PEN-1", "quantity": "3", "unit_price": 1.0}]}
    error = error_of(client.post("/orders", json=wrong), 422)
    assert error["code"] == "invalid_request"
    assert sorted(error["fields"]) == ["coupon", "customer", "items.0.quantity", "items.0.unit_price"]


def test_list(client):
    for customer in ("Ada", "Bob", "Ada"):
        client.post("/orders", json={**ORDER, "customer": customer})
    found = client.get("/orders", params={"customer": "Ada", "limit": 1}).json()
    assert (len(found["orders"]), found["count"]) == (1, 2)
    assert error_of(client.get("/orders?limit=0"), 422)["fields"] == ["limit"]


def test_idempotency_key(client):
    key = {"Idempotency-Key": "k-1"}
    first = client.post("/orders", json=ORDER, headers=key)
    assert client.post("/orders", json=ORDER, headers=key).json() == first.json()
    other = client.post("/orders", json={**ORDER, "customer": "Bob"}, headers=key)
    assert error_of(other, 409)["code"] == "idempotency_conflict"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 16_000, b'{"customer": "\\ud800"}'])
def test_not_json(client, body):
    error_of(client.post("/orders", content=body, headers={"Content-Type": "application/json"}), 422)


def test_media_type_and_size(client):
    body = json.dumps(ORDER)
    assert error_of(client.post("/orders", content=body), 415)["code"] == "unsupported_media_type"
    large = client.post("/orders", content=body.ljust(16_385), headers={"Content-Type": "application/json"})
    assert error_of(large, 413)["code"] == "too_large"


def test_unexpected_error():
    def new_id():
        raise RuntimeError("the password is hunter2")

    with TestClient(create_app(new_id=new_id), raise_server_exceptions=False) as client:
        failed = client.post("/orders", json=ORDER)
        assert error_of(failed, 500)["code"] == "internal_error"
        assert "hunter2" not in failed.text
