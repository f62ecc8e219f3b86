"""Visible examples: `pytest exercises/week1/login_throttle`."""

import pytest
from fastapi.testclient import TestClient
from login_throttle import create_app


class Users:
    def __init__(self):
        self.asked = 0

    async def verify(self, username, password):
        self.asked += 1
        return (username.strip().casefold(), password) == ("ada", "lovelace")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def users():
    return Users()


@pytest.fixture
def login(users, clock):
    with TestClient(create_app(users, clock, per_account=3, per_address=5, window_s=60.0)) as client:

        def login(name="ada", password="wrong", address="203.0.113.7"):
            body = {"username": name, "password": password}
            return client.post("/login", json=body, headers={"X-Forwarded-For": address})

        yield login


def test_answers(login):
    assert login(password="lovelace").json() == {"status": "ok"}
    wrong, unknown = login(), login(name="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["error"]["code"] == "invalid_credentials"
    assert wrong.content == unknown.content


def test_account_limit(login, users, clock):
    assert [login(address=f"203.0.113.{n}").status_code for n in range(4)] == [401, 401, 401, 429]
    clock.now = 1030.5
    refused = login(password="lovelace")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert users.asked == 3
    clock.now = 1060.0
    assert login(password="lovelace").status_code == 200


def test_address_limit(login):
    statuses = [login(name=f"name-{n}").status_code for n in range(6)]
    assert statuses == [401] * 5 + [429]
    assert login(password="lovelace", address="203.0.113.8").status_code == 200


def test_success(login):
    statuses = [login(password=word).status_code for word in ("x", "x", "lovelace", "x", "x", "x")]
    assert statuses == [401, 401, 200, 401, 401, 429]  # the address's fifth attempt was its last
    statuses = [login(address=f"198.51.100.{n}").status_code for n in range(2)]
    assert statuses == [401, 429]  # the account's third since its success
