"""Hidden suite of week1/login_throttle. Statement: exercises/week1/login_throttle/README.md."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check

PASSWORDS = {"ada": "lovelace", "bob": "ross", "eve": "online"}
WINDOW_S = 60.0

#: Addresses that make one attempt each, so that their limit is met on purpose only.
addresses: Iterator[str] = iter(())


@pytest.fixture(autouse=True)
def numbered_from_one() -> None:
    """Every check has the same addresses, whichever were run before it in this process."""
    global addresses
    addresses = (f"198.51.{number // 250}.{number % 250}" for number in itertools.count(1))


@check(
    "the right password gets in, and every wrong pair gets the same refusal",
    points=8,
    stage="core",
    hint="Can somebody tell from the answer whether the name exists?",
)
def test_answers(web, driver, manual_clock):
    site, users = serve(web, driver, manual_clock)
    for name, password in PASSWORDS.items():
        reply = login(site, name, password)
        answered(reply, 200, f"the right password of {name}")
        assert reply.json() == {"status": "ok"}
    wrong, unknown = login(site, "ada", "wrong"), login(site, "nobody", "wrong")
    refused(wrong, 401, "invalid_credentials", "a wrong password")
    refused(unknown, 401, "invalid_credentials", "an unknown name")
    assert wrong.content == unknown.content, "the answer to an unknown name differs from that to a wrong password"
    assert users.asked == 5, f"verify was called {users.asked} times for 5 attempts"


@check(
    "an account takes per_account attempts in any window, wherever it begins",
    points=10,
    stage="core",
    hint="What was admitted at t counts until t + window_s. Two windows side by side are no sliding window.",
)
def test_sliding_window(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, per_account=3)
    admitted = {0.0: True, 50.0: True, 59.5: True, 59.75: False, 60.0: True, 60.25: False, 109.5: False, 110.0: True}
    admitted |= {119.25: False, 119.5: True, 119.75: False, 179.25: True, 500.0: True, 501.0: True, 502.0: True}
    for after, expected in admitted.items():
        manual_clock.set(1000.0 + after)
        status = login(site, "ada", "wrong").status_code
        story = f"with 3 attempts in 60 s, the one at {after:g} s"
        assert status == (401 if expected else 429), f"{story} was answered {status}"


@check(
    "guessing one account from many addresses is stopped",
    points=8,
    stage="core",
    hint="A botnet has an address for every guess. What do its guesses have in common?",
)
def test_one_account_many_addresses(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, window_s=None, per_address=8)
    for name in ("ada", "nobody"):
        statuses = [login(site, name, "wrong").status_code for _ in range(9)]
        assert statuses == [401] * 5 + [429] * 4, f"9 guesses for {name} from 9 addresses were answered {statuses}"
    answered(login(site, "bob", "ross"), 200, "another account, not under attack,")
    for after, status in ((299.75, 429), (300.0, 200)):
        manual_clock.set(1000.0 + after)
        answered(login(site, "ada", "lovelace"), status, f"an attempt {after:g} s later, with the usual window,")


@check(
    "trying many accounts from one address is stopped",
    points=8,
    stage="core",
    hint="One guess per name never meets the account's limit.",
)
def test_one_address_many_accounts(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, per_account=5, per_address=8)
    statuses = [login(site, f"name-{n}", "123456", "203.0.113.7").status_code for n in range(12)]
    assert statuses == [401] * 8 + [429] * 4, f"12 names tried from one address were answered {statuses}"
    answered(login(site, "ada", "lovelace", "203.0.113.8"), 200, "another address")
    manual_clock.advance(WINDOW_S)
    answered(login(site, "ada", "lovelace", "203.0.113.7"), 200, "the same address one window later")


@check(
    "a success resets the account and not the address",
    points=10,
    stage="core",
    hint="An attacker has an account, too. What must its password not buy?",
)
def test_success_resets_the_account(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, per_account=3, per_address=6)
    for _ in range(3):
        for _ in range(2):
            answered(login(site, "ada", "wrong"), 401, "a wrong password after a success")
        answered(login(site, "ada", "lovelace"), 200, "the right password as the third attempt")
    statuses = [login(site, "bob", "wrong").status_code for _ in range(2)]
    answered(login(site, "eve", "online"), 200, "the attacker's own account")
    statuses += [login(site, "bob", "wrong").status_code for _ in range(2)]
    assert statuses == [401, 401, 401, 429], f"a success of eve changed what bob's account takes: {statuses}"
    statuses = [
        login(site, name, password, "203.0.113.7").status_code
        for name, password in (("name-1", "x"), ("name-2", "x"), ("eve", "online")) * 3
    ]
    expected = [401, 401, 200, 401, 401, 200, 429, 429, 429]
    assert statuses == expected, f"an address that mixes its own logins in was answered {statuses}, expected {expected}"


class Model:
    """The contract, slow and plain."""

    def __init__(self, per_account: int, per_address: int) -> None:
        self.limits = (per_account, per_address)
        self.times: dict[tuple[int, str], list[float]] = {}

    def attempt(self, now: float, account: str, address: str, right: bool) -> tuple[int, str | None]:
        """The status and Retry-After."""
        wait_s = 0.0
        for kind, name in enumerate((account, address)):
            counted = [time for time in self.times.get((kind, name), []) if now < time + WINDOW_S]
            self.times[kind, name] = counted
            if len(counted) == self.limits[kind]:
                wait_s = max(wait_s, counted[0] + WINDOW_S - now)
        if wait_s:
            return 429, str(math.ceil(wait_s))
        self.times[0, account].append(now)
        self.times[1, address].append(now)
        if right:
            self.times[0, account].clear()
        return (200 if right else 401), None


@check(
    "any series of attempts is admitted as the contract says",
    points=12,
    stage="core",
    hint="Which attempts count, for whom, from when to when?",
)
def test_any_series(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, per_account=2, per_address=4)
    numbers = itertools.count(1)
    pauses = st.sampled_from([0.0, 0.0, 0.5, 1.0, 29.5, 30.0, 59.5, 60.0])
    attempt = st.tuples(pauses, st.sampled_from(list(PASSWORDS)), st.sampled_from([7, 8]), st.booleans())

    @settings(max_examples=20)
    @given(st.lists(attempt, max_size=12))
    @example([(0.5, "ada", 7, False)] * 4 + [(57.5, "ada", 7, True), (0.0, "ada", 8, False), (0.5, "ada", 7, False)])
    @example([(0.0, "ada", 7, False), (0.0, "ada", 8, False), (0.0, "ada", 8, False)])
    @example([(0.5, name, 7, False) for name in ("ada", "bob", "eve", "ada", "bob")] + [(58.0, "bob", 8, False)])
    @example([(0.5, name, 7, False) for name in ("ada", "bob", "ada", "bob")] + [(60.0, "ada", 7, False)])
    @example([(0.5, name, 7, name == "ada") for name in ("ada", "bob", "ada", "eve", "ada")])
    @example([(0.0, "ada", 7, right) for right in (False, True, False, False, False)])
    def as_the_contract_says(series):
        manual_clock.advance(2 * WINDOW_S)  # what was before counts no more
        model, network, story, now = Model(2, 4), f"10.{next(numbers)}", "", 0.0
        for pause, name, host, right in series:
            now += pause
            if pause:
                manual_clock.advance(pause)
            address = f"{network}.0.{host}"
            reply = login(site, name, PASSWORDS[name] if right else "wrong", address)
            expected = model.attempt(now, name, address, right)
            got = (reply.status_code, reply.headers.get("Retry-After"))
            story += f"\n+{pause:g} s: {name} from host {host}, {'right' if right else 'wrong'}: {got[0]}"
            assert got == expected, (
                f"the last attempt should be answered {expected[0]}, Retry-After {expected[1]}; "
                f"got {got[0]}, Retry-After {got[1]}\n(limits: 2 for an account, 4 for an address, in 60 s){story}"
            )

    as_the_contract_says()


@check(
    "a throttled attempt is refused unseen, whatever its password",
    points=6,
    stage="robust",
    hint="Whoever may find the right password while throttled is not throttled.",
)
def test_throttled_is_unseen(web, driver, manual_clock):
    site, users = serve(web, driver, manual_clock, per_account=3)
    for _ in range(3):
        answered(login(site, "ada", "wrong"), 401, "a wrong password")
    reply = login(site, "ada", "lovelace")
    refused(reply, 429, "too_many_attempts", "the right password of a throttled account")
    assert users.asked == 3, "verify was called for an attempt that is over the limit"
    manual_clock.advance(WINDOW_S)
    answered(login(site, "ada", "lovelace"), 200, "the right password one window later")


@check(
    "Retry-After says to the second when to come back",
    points=6,
    stage="robust",
    hint="Which of the counted attempts has to leave? Which limit lets go last? Round up.",
)
def test_retry_after(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, per_account=2, per_address=3)
    told = {}
    for after, name in ((0.0, "ada"), (10.0, "ada"), (20.5, "ada"), (30.0, "bob"), (40.0, "eve"), (59.75, "bob")):
        manual_clock.set(1000.0 + after)
        told[after] = login(site, name, "wrong", "203.0.113.7").headers.get("Retry-After")
    same(told, {0.0: None, 10.0: None, 20.5: "40", 30.0: None, 40.0: "20", 59.75: "1"}, "Retry-After at {} s")
    told = {}
    for after, name, host in ((70.0, "bob", 7), (71.0, "bob", 7), (75.0, "eve", 8), (76.0, "bob", 8)):
        manual_clock.set(1000.0 + after)
        told[after] = login(site, name, "wrong", f"203.0.113.{host}").headers.get("Retry-After")
    same(told, {70.0: None, 71.0: "19", 75.0: None, 76.0: "14"}, "Retry-After at {} s")
    manual_clock.set(1090.0)
    answered(login(site, "bob", "ross", "203.0.113.7"), 200, "an attempt after the time that Retry-After named")
    told = {}
    both = ((200.0, "bob", 8), (205.0, "ada", 9), (206.0, "eve", 9), (207.0, "bob", 9), (210.0, "bob", 9))
    for after, name, host in (*both, (212.0, "ada", 8), (213.0, "eve", 8), (214.0, "ada", 8)):
        manual_clock.set(1000.0 + after)
        told[after] = login(site, name, "wrong", f"203.0.113.{host}").headers.get("Retry-After")
    met = "of an attempt that met both limits, at {} s, Retry-After"
    same(told, {200.0: None, 207.0: None, 210.0: "55", 213.0: None, 214.0: "51"}, met)


@check(
    "an attempt that is refused does not make the wait longer",
    points=5,
    stage="robust",
    hint="A phone that goes on trying must get in one day. Count what was admitted.",
)
def test_refusals_count_nothing(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, per_account=3, per_address=5)
    for _ in range(3):
        answered(login(site, "ada", "wrong", "203.0.113.7"), 401, "a wrong password")
    for second in range(1, 60):
        manual_clock.set(1000.0 + second)
        answered(login(site, "ada", "lovelace", "203.0.113.7"), 429, f"an attempt {second} s after the limit was met")
    for name in ("bob", "eve"):
        answered(login(site, name, "wrong", "203.0.113.7"), 401, "another account, after 59 refusals, at 59 s")
    manual_clock.set(1060.0)
    answered(login(site, "ada", "lovelace"), 200, "the right password at 60 s, after 59 refusals,")


@check(
    "one user is one account and one client one address, however they are spelt",
    points=5,
    stage="robust",
    hint="Who wrote which entry of X-Forwarded-For? How many addresses has one IPv6 client?",
)
def test_spellings(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock, per_account=4, per_address=4)
    answered(login(site, " ADA ", "lovelace"), 200, "another spelling of ada with the right password")
    for name in ("ada", "Ada", " aDa", "ADA\t"):
        answered(login(site, name, "wrong"), 401, "a wrong password")
    answered(login(site, "adA ", "wrong"), 429, "the fifth attempt for ada, spelt adA,")
    clients = {
        "an address that writes other addresses before its own": [f"10.0.0.{n}, 203.0.113.7" for n in range(5)],
        "a client with five addresses of one IPv6 /64": [
            "2001:db8:0:7::1", "2001:DB8::7:0:0:0:2", "2001:0db8:0000:0007:ffff::", "2001:db8:0:7:1:2:3:4",
            "2001:db8:0:7::5",
        ],
    }  # fmt: skip
    for who, forwarded in clients.items():
        statuses = [login(site, f"name-{n} {who[:9]}", "wrong", entry).status_code for n, entry in enumerate(forwarded)]
        assert statuses == [401] * 4 + [429], f"{who} was answered {statuses}, expected the fifth to be 429"
    answered(login(site, "bob", "ross", "203.0.113.7 , 203.0.113.9"), 200, "another last entry")
    answered(login(site, "bob", "ross", "2001:db8:0:6::1"), 200, "the IPv6 network beside the throttled one")


@check(
    "what is no attempt counts nothing, and an outage is no wrong password",
    points=4,
    stage="robust",
    hint="What does a user read while the user database is down? Could it be made to happen on purpose?",
)
def test_faults(web, driver, manual_clock):
    site, users = serve(web, driver, manual_clock, per_account=3, per_address=9)
    bodies = ['{"username": ', "[]", "null", '"ada"', '{"username": "ada"}', '{"password": "x"}']
    for value in (None, 5, "", ["x"], "a" * 201):
        bodies += [
            json.dumps({"username": "ada", "password": "x"} | {name: value}) for name in ("username", "password")
        ]
    for body in bodies:
        headers = {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"}
        reply = site.client.post("/login", content=body, headers=headers)
        refused(reply, 422, "invalid_request", f"the body {body[:60]}")
    users.down = True
    reply = login(site, "ada", "lovelace", "203.0.113.7")
    refused(reply, 503, "unavailable", "an attempt while verify raises an error")
    users.down = False
    statuses = [login(site, "ada", "wrong", "203.0.113.7").status_code for _ in range(3)]
    assert statuses == [401, 401, 429], f"after {len(bodies)} bad bodies and an outage, 3 guesses got {statuses}"
    answered(login(site, "a" * 200, "x"), 401, "a name of 200 characters")


@check(
    "fifty attempts at once are admitted up to the limit, side by side",
    points=10,
    stage="production",
    hint="What may happen between looking at the count and adding to it? Where is your await?",
)
async def test_at_once(web, virtual_time, driver, manual_clock):
    site, users = serve(web, driver, manual_clock, seconds=1.0)
    bursts = {
        "for one account": [("ada", next(addresses)) for _ in range(50)],
        "from one address": [(f"name-{n}", "203.0.113.7") for n in range(50)],
    }
    async with site.async_client() as client:
        for (what, attempts), limit in zip(bursts.items(), (5, 20), strict=True):
            asked, began = users.asked, virtual_time.elapsed
            replies = await asyncio.gather(*(send(client, name, "wrong", address) for name, address in attempts))
            statuses = Counter(reply.status_code for reply in replies)
            assert statuses == {401: limit, 429: 50 - limit}, (
                f"50 attempts at once {what} were answered {dict(statuses)}, expected {limit} times 401"
            )
            verified, took = users.asked - asked, virtual_time.elapsed - began
            assert verified == limit, f"verify was called {verified} times for 50 attempts {what}, not {limit} times"
            assert took < 3, f"{limit} calls of verify, a second each, took {took:g} s: they waited for one another"
    answered(login(site, "bob", "ross", "203.0.113.8"), 200, "a login after the two bursts")


@check(
    "names and addresses of the past leave no memory behind",
    points=8,
    stage="production",
    hint="Who tidies up after a name that never comes back? Does looking at a name make an entry for it?",
)
def test_memory(web, driver, manual_clock):
    site, _ = serve(web, driver, manual_clock)
    numbers = itertools.count(1)

    def attempts(count: int, seconds: float, address: str = "") -> None:
        for _ in range(count):
            manual_clock.advance(seconds)
            status = login(site, f"name-{next(numbers)}", "wrong", address).status_code
            assert status in (401, 429), f"a name that is tried for the first time was answered {status}"

    def regular() -> None:
        """One who never stays away for long."""
        for password, status in (("ros", 401), ("ross", 200)):
            answered(login(site, "bob", password, "203.0.113.8"), status, "a regular user")

    attempts(50, WINDOW_S / 20)
    before = driver.blocks()
    regular()
    attempts(200, WINDOW_S / 400)
    for _ in range(4):
        manual_clock.advance(WINDOW_S / 2)
        regular()
    for _ in range(10):
        attempts(10, WINDOW_S / 20)
        regular()
    between = driver.blocks()
    grown = between - before
    assert grown < 800, f"200 names from 200 addresses, two windows ago, still hold {grown:,} blocks of memory"
    attempts(300, WINDOW_S / 3000, "203.0.113.7")
    grown = driver.blocks() - between
    assert grown < 800, f"300 names tried from one address within 6 s hold {grown:,} blocks of memory"
    answered(login(site, "ada", "lovelace"), 200, "a login after all that")


# --- Helpers


def serve(web, driver, clock, *, seconds: float = 0.0, window_s: float | None = WINDOW_S, **limits: Any):
    """The served app, with its usual window for None, and its users, each of whom it takes ``seconds`` to verify."""
    users = driver.Users(PASSWORDS, seconds)
    if window_s is not None:
        limits["window_s"] = window_s
    return web.serve("create_app", users, clock, **limits), users


def request(name: str, password: str, address: str) -> dict[str, Any]:
    return {"json": {"username": name, "password": password}, "headers": {"X-Forwarded-For": address}}


def login(site, name: str, password: str, address: str = ""):
    """POST /login, without an ``address`` from one that nobody else has."""
    return site.client.post("/login", **request(name, password, address or next(addresses)))


def send(client, name: str, password: str, address: str):
    """The same by an asynchronous client: to be awaited."""
    return client.post("/login", **request(name, password, address))


def answered(reply, status: int | None, what: str) -> None:
    """``status`` None is an admitted or a throttled attempt with a wrong password."""
    expected = (401, 429) if status is None else (status,)
    assert reply.status_code in expected, (
        f"{what} was answered {reply.status_code}, expected {' or '.join(map(str, expected))}: {reply.text[:200]}"
    )


def refused(reply, status: int, code: str, what: str) -> None:
    answered(reply, status, what)
    body = reply.json()
    error = body.get("error") if isinstance(body, dict) else None
    right = isinstance(error, dict) and error.get("code") == code and isinstance(error.get("message"), str)
    expected = {"error": {"code": code, "message": "..."}}
    assert right, f"the body of the {status} to {what} is {body}, expected {expected}"


def same(got: dict[float, Any], expected: dict[float, Any], what: str) -> None:
    """One by one, so that the message is about the first that differs."""
    for at, value in expected.items():
        assert got[at] == value, f"{what.format(f'{at:g}')} is {got[at]!r}, expected {value!r}"
