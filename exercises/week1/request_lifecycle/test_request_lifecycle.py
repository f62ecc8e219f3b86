"""Visible examples: `pytest exercises/week1/request_lifecycle`. They bring a small store in memory with them."""

import pytest
import request_lifecycle
from fastapi.testclient import TestClient
from request_lifecycle import create_app

ADA = {"Authorization": "Bearer t-ada"}


class MemoryStore:
    """Accounts and tokens in memory. ``events`` tells what was done, each with the request's id."""

    def __init__(self):
        self.balances = {"ada": 100, "bob": 0}
        self.tokens = {"t-ada": "ada", "t-bob": "bob"}
        self.events = []

    def begin(self, request_id):
        self.events.append((request_id, "begin"))
        return MemoryUnit(self, request_id)


class MemoryUnit:
    """A unit of work: its changes are seen by itself alone until it is committed."""

    def __init__(self, store, request_id):
        self.store = store
        self.request_id = request_id
        self.changes = {}

    def _tell(self, event):
        self.store.events.append((self.request_id, event))

    async def account_of(self, token):
        self._tell("account_of")
        return self.store.tokens.get(token)

    async def balance(self, account):
        self._tell("balance")
        return self.store.balances[account] + self.changes.get(account, 0)

    async def add(self, account, cents):
        self._tell("add")
        if account not in self.store.balances:
            raise LookupError(account)
        self.changes[account] = self.changes.get(account, 0) + cents
        return self.store.balances[account] + self.changes[account]

    async def commit(self):
        self._tell("commit")
        for account, cents in self.changes.items():
            self.store.balances[account] += cents
        self.changes.clear()

    async def rollback(self):
        self._tell("rollback")
        self.changes.clear()

    async def close(self):
        self._tell("close")
        self.changes.clear()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def client(store):
    with TestClient(create_app(store), raise_server_exceptions=False) as client:
        yield client


def test_transfer(client, store):
    made = client.post("/transfers", json={"to": "bob", "cents": 30}, headers={**ADA, "X-Request-ID": "r-1"})
    assert (made.status_code, made.json()) == (201, {"balance": 70})
    assert made.headers["X-Request-ID"] == "r-1"
    assert float(made.headers["X-Process-Time"]) >= 0
    assert store.balances == {"ada": 70, "bob": 30}
    assert {request_id for request_id, _ in store.events} == {"r-1"}
    events = [event for _, event in store.events]
    assert events.count("begin") == 1
    assert events[0] == "begin"
    assert events[-2:] == ["commit", "close"]


def test_refused_late(client, store):
    refused = client.post("/transfers", json={"to": "nobody", "cents": 30}, headers=ADA)
    assert refused.status_code == 404
    assert store.balances == {"ada": 100, "bob": 0}
    assert [event for _, event in store.events][-2:] == ["rollback", "close"]


def test_no_token(client):
    refused = client.get("/balance")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_commit_that_fails(client, store, monkeypatch):
    async def fail(unit):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(MemoryUnit, "commit", fail)
    failed = client.post("/transfers", json={"to": "bob", "cents": 30}, headers={**ADA, "X-Request-ID": "r-2"})
    assert (failed.status_code, failed.json()) == (500, {"detail": "internal server error"})
    assert failed.headers["X-Request-ID"] == "r-2"
    assert [event for _, event in store.events][-2:] == ["rollback", "close"]


def test_bad_request_id(client):
    answered = client.get("/health", headers={"X-Request-ID": "no spaces"}).headers["X-Request-ID"]
    assert answered != "no spaces"
    assert answered != client.get("/health").headers["X-Request-ID"]


def test_override(store):
    app = create_app(store)
    app.dependency_overrides[request_lifecycle.current_account] = lambda: "bob"
    with TestClient(app) as client:
        assert client.get("/balance").json() == {"account": "bob", "balance": 0}
