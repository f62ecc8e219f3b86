"""Visible examples: `pytest exercises/week1/brute_force_guard`."""

import pytest
from brute_force_guard import create_app, hash_password, verify_password
from fastapi.testclient import TestClient

KNOWN = (  # "lovelace", hashed by somebody else
    "scrypt$4$000102030405060708090a0b0c0d0e0f$f34aa10c737c864684de9b852c84e7788b78aae1e35a726fbb343d246a338e35"
)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class World:
    """The app, and what it has sent and reported."""

    def __init__(self):
        self.clock = Clock()
        self.mails = []
        self.alarms = []
        users = {"ada": hash_password("lovelace", log2_n=4), "bob": hash_password("ross", log2_n=4)}
        app = create_app(
            users,
            send_token=lambda name, token: self.mails.append((name, token)),
            alert=self.alarms.append,
            clock=self.clock,
            log2_n=4,
        )
        self.client = TestClient(app)

    def login(self, name="ada", password="wrong", address="203.0.113.7"):
        body = {"username": name, "password": password}
        return self.client.post("/login", json=body, headers={"X-Forwarded-For": address})

    def lock(self, name):
        for delay in (0, 0, 0, 1, 2, 4, 8, 16):
            self.clock.now += delay
            assert self.login(name).status_code == 401


@pytest.fixture
def world():
    return World()


def test_hash():
    made = hash_password("lovelace", log2_n=4)
    assert made.startswith("scrypt$4$")
    assert made != hash_password("lovelace", log2_n=4)
    for stored in (made, KNOWN):
        assert verify_password("lovelace", stored) is True
        assert verify_password("Lovelace", stored) is False


def test_answers(world):
    assert world.login(password="lovelace").json() == {"status": "ok"}
    wrong, unknown = world.login(), world.login(name="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["error"]["code"] == "invalid_credentials"
    assert wrong.content == unknown.content


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_delay(world, name):
    assert [world.login(name).status_code for _ in range(4)] == [401, 401, 401, 429]
    world.clock.now += 1
    assert world.login(name).status_code == 401
    world.clock.now += 0.5
    refused = world.login(name, "lovelace")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")


def test_lock_and_token(world):
    world.lock("ada")
    locked = world.login(password="lovelace")
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    [(name, token)] = world.mails
    assert name == "ada"
    assert world.client.post("/unlock", json={"token": token}).json() == {"status": "unlocked"}
    assert world.client.post("/unlock", json={"token": token}).json()["error"]["code"] == "invalid_token"
    assert world.login(password="lovelace").status_code == 200
    world.lock("bob")
    world.clock.now += 900
    assert world.login("bob", "ross").status_code == 200


def test_alert(world):
    for number in range(10):
        assert world.alarms == []
        world.login(f"name-{number}")
    assert world.alarms == ["203.0.113.7"]
