"""Hidden suite of week1/brute_force_guard. Statement: exercises/week1/brute_force_guard/README.md."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check

LOG2_N = 5
PASSWORDS = {"ada": "lovelace", "bob": "ross", "eve": "online"}
LOCK_AT, LOCK_S, TOKEN_S = 8, 900.0, 600.0
STORED = re.compile(r"scrypt\$(\d+)\$([0-9a-f]{32})\$([0-9a-f]{64})")

#: Addresses that make one attempt each, so that nobody looks like a stuffer but on purpose.
addresses: Iterator[str] = iter(())


@pytest.fixture(autouse=True)
def numbered_from_one() -> None:
    """Every check has the same addresses, whichever were run before it in this process."""
    global addresses
    addresses = (f"198.51.{number // 250}.{number % 250}" for number in itertools.count(1))


def key_of(password: str, salt: bytes, log2_n: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << log2_n, r=8, p=1, dklen=32)


def stored(password: str, salt: bytes = b"sixteen of bytes", log2_n: int = LOG2_N) -> str:
    """The hash of a password, as the contract has it."""
    return f"scrypt${log2_n}${salt.hex()}${key_of(password, salt, log2_n).hex()}"


@check(
    "a password is kept as a salted scrypt hash of the given cost",
    points=10,
    stage="core",
    hint="Can somebody else verify what you store, with nothing but the string?",
)
def test_hash(subject):
    texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
    costs, salts = st.integers(1, 8), st.binary(min_size=16, max_size=16)

    @settings(max_examples=25)
    @given(texts, texts, costs, salts)
    @example("lovelace", "Lovelace", 4, b"\x00" * 16)
    @example("größe", "größe ", 7, b"\xff" * 16)
    def can_be_verified(password, other, log2_n, salt):
        made = subject.hash_password(password, log2_n=log2_n)
        parts = STORED.fullmatch(str(made))
        assert parts, f"hash_password gave {made!r}, expected scrypt$<log2_n>$<32 hex digits>$<64 hex digits>"
        expected = stored(password, bytes.fromhex(parts[2]), log2_n)
        assert made == expected, f"hash_password({password!r}, log2_n={log2_n}) gave {made!r}, not {expected!r}"
        for known in (made, stored(password, salt, log2_n)):
            for word in (password, other):
                got = subject.verify_password(word, known)
                assert got is (word == password), f"verify_password({word!r}, a hash of {password!r}) gave {got!r}"

    can_be_verified()
    salts_seen = {subject.hash_password("lovelace", log2_n=1).split("$")[2] for _ in range(20)}
    assert len(salts_seen) == 20, f"20 hashes have {len(salts_seen)} different salts"
    usual = subject.hash_password("lovelace").split("$")[1]
    assert usual == "14", f"the usual log2_n is {usual}, expected 14"


@check(
    "the right password gets in, and all else gets the same refusal",
    points=8,
    stage="core",
    hint="Can somebody tell from the answer whether the name exists?",
)
def test_answers(web, driver, manual_clock):
    site = serve(web, driver, manual_clock)
    for name, password in PASSWORDS.items():
        reply = login(site, name, password)
        answered(reply, 200, f"the right password of {name}")
        assert reply.json() == {"status": "ok"}
    refusals = {
        "a wrong password": login(site, "ada", "wrong"),
        "an unknown name": login(site, "nobody", "wrong"),
        "the password of another user": login(site, "bob", "lovelace"),
        "a name in capitals": login(site, "ADA", "lovelace"),
    }
    for what, reply in refusals.items():
        refused(reply, 401, "invalid_credentials", what)
        assert reply.content == refusals["a wrong password"].content, f"the answer to {what} is another"


@check(
    "an unknown name costs the same work as a known one",
    points=10,
    stage="core",
    hint="A name that is answered in a millisecond does not exist. Whose hash can you compute instead?",
)
def test_same_work(web, driver, manual_clock):
    driver.watch()
    site = serve(web, driver, manual_clock)
    driver.hashed()
    for number in range(2):
        answered(login(site, "ada", "wrong"), 401, "a wrong password")
        known = work(driver)
        answered(login(site, f"nobody-{number}", "wrong"), 401, "an unknown name")
        unknown = work(driver)
        assert known == [[1 << LOG2_N, 8, 1]], f"a wrong password was hashed with [n, r, p] of {known}"
        assert unknown == known, f"an unknown name cost {unknown or 'no scrypt'}, a known one {known}"
        answered(login(site, "ada", "lovelace"), 200, "the right password")
        work(driver)
    usual = web.serve("create_app", {}, send_token=driver.Calls(), alert=driver.Calls(), clock=manual_clock)
    driver.hashed()
    answered(login(usual, "ada", "wrong"), 401, "an unknown name")
    seen = work(driver)
    assert seen == [[1 << 14, 8, 1]], f"without log2_n, an unknown name was hashed with [n, r, p] of {seen}, not 2**14"


@check(
    "from the third failure on each makes the wait twice as long",
    points=10,
    stage="core",
    hint="Two are free, then 1, 2, 4, 8 and 16 seconds. Who comes too early is not even looked at.",
)
def test_delays(web, driver, manual_clock):
    site, now = serve(web, driver, manual_clock), 1000.0
    for name in ("ada", "nobody"):
        for number, delay in enumerate([0, 0, 1, 2, 4, 8, 16], start=1):
            answered(login(site, name, "wrong"), 401, f"failure {number} of {name}, after its wait,")
            for after in (0.0, delay - 0.25) if delay else ():
                manual_clock.set(now + after)
                reply = login(site, name, PASSWORDS.get(name, "x"))
                story = f"an attempt {after:g} s after failure {number} of {name}"
                refused(reply, 429, "slow_down", story)
                told, left = reply.headers.get("Retry-After"), str(math.ceil(delay - after))
                assert told == left, f"Retry-After of {story} is {told!r}, expected {left!r}"
            now += delay
            manual_clock.set(now)
        answered(login(site, "bob", "ross"), 200, "another name")
    answered(login(site, "ada", "lovelace"), 200, "the right password, after the wait,")


@check(
    "the eighth failure locks the name for 900 s, and not for ever",
    points=8,
    stage="core",
    hint="Somebody who knows your name may try all day. When do you get in again?",
)
def test_lock(web, driver, manual_clock):
    site = serve(web, driver, manual_clock)
    for name in ("ada", "nobody"):
        locked_at = lock(site, manual_clock, name)
        for after in (0.0, 60.0, 899.75):
            manual_clock.set(locked_at + after)
            reply = login(site, name, PASSWORDS.get(name, "x"))
            refused(reply, 429, "slow_down", f"an attempt for {name} {after:g} s after its eighth failure")
            told, left = reply.headers.get("Retry-After"), str(math.ceil(LOCK_S - after))
            assert told == left, f"Retry-After {after:g} s after the eighth failure is {told!r}, expected {left!r}"
        manual_clock.set(locked_at + LOCK_S)
        for number in range(3):
            answered(login(site, name, "wrong"), 401, f"failure {number + 1} after the lock has ended")
        manual_clock.advance(1)
    answered(login(site, "ada", "lovelace"), 200, "the right password after the lock has ended")


@check(
    "failures are forgotten by a success of the same name, or in 900 s",
    points=6,
    stage="core",
    hint="An attacker has an account, too. What must its password not buy?",
)
def test_forgetting(web, driver, manual_clock):
    site = serve(web, driver, manual_clock)
    for _ in range(4):
        for _ in range(2):
            answered(login(site, "ada", "wrong"), 401, "one of two failures after a success")
        answered(login(site, "ada", "lovelace"), 200, "the right password after two failures")
    for _ in range(3):
        answered(login(site, "bob", "wrong", "203.0.113.7"), 401, "one of three failures")
    answered(login(site, "eve", "online", "203.0.113.7"), 200, "the attacker's own account")
    answered(login(site, "bob", "wrong", "203.0.113.7"), 429, "bob's fourth attempt after a success of eve")
    manual_clock.advance(1)
    answered(login(site, "bob", "wrong"), 401, "bob's fourth failure")
    manual_clock.advance(LOCK_S - 0.25)
    answered(login(site, "bob", "wrong"), 401, "bob's fifth failure, 899.75 s later,")
    manual_clock.advance(3.75)
    answered(login(site, "bob", "wrong"), 429, "an attempt 3.75 s after bob's fifth failure")
    manual_clock.advance(LOCK_S - 3.75)
    for number in range(3):
        answered(login(site, "bob", "wrong"), 401, f"failure {number + 1} when the others are 900 s old")


class Model:
    """The contract, slow and plain."""

    def __init__(self) -> None:
        self.failures: dict[str, list[float]] = {}

    def attempt(self, now: float, name: str, right: bool) -> tuple[int, str | None]:
        """The status and Retry-After."""
        times = self.failures.setdefault(name, [])
        if times and now >= times[-1] + LOCK_S:
            times.clear()
        delay = [0, 0, 0, 1, 2, 4, 8, 16, LOCK_S][len(times)]
        if times and now < times[-1] + delay:
            return 429, str(math.ceil(times[-1] + delay - now))
        if right:
            times.clear()
            return 200, None
        times.append(now)
        return 401, None


@check(
    "any series of attempts is answered as the contract says",
    points=10,
    stage="core",
    hint="Which attempts count, for whom, and until when?",
)
def test_any_series(web, driver, manual_clock):
    site = serve(web, driver, manual_clock)
    pauses = st.sampled_from([0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 883.5, 899.5, 900.0])
    attempts = st.tuples(pauses, st.sampled_from(["ada", "ada", "bob"]), st.sampled_from([False, False, True]))

    @settings(max_examples=20)
    @given(st.lists(attempts, max_size=16))
    @example([(16.0, "ada", False)] * 8 + [(16.0, "ada", True), (883.5, "ada", True), (0.5, "ada", True)])
    @example([(0.0, "ada", False)] * 3 + [(0.0, "bob", True), (0.5, "ada", True), (0.0, "ada", False)])
    @example([(0.0, "ada", False)] * 2 + [(0.0, "ada", True)] + [(0.0, "ada", False)] * 4)
    @example([(1.0, "ada", False)] * 4 + [(900.0, "ada", False)] * 2 + [(0.0, "ada", False)] * 3)
    def as_the_contract_says(series):
        manual_clock.advance(LOCK_S)  # what was before is forgotten
        model, story, now = Model(), "", 0.0
        for pause, name, right in series:
            now += pause
            if pause:
                manual_clock.advance(pause)
            reply = login(site, name, PASSWORDS[name] if right else "wrong")
            expected = model.attempt(now, name, right)
            got = (reply.status_code, reply.headers.get("Retry-After"))
            story += f"\n+{pause:g} s: {name}, {'right' if right else 'wrong'}: {got[0]}"
            assert got == expected, (
                f"the last attempt should be answered {expected[0]}, Retry-After {expected[1]}; "
                f"got {got[0]}, Retry-After {got[1]}{story}"
            )

    as_the_contract_says()


@check(
    "a token unlocks its own name, once and in time",
    points=10,
    stage="robust",
    hint="Who gets a token, for which lock, and what is left of it when it was used?",
)
def test_tokens(web, driver, manual_clock):
    mails = driver.Calls()
    site = serve(web, driver, manual_clock, mails=mails)
    lock(site, manual_clock, "nobody")
    assert mails.seen == [], "a token was sent for a name that does not exist"
    for name in ("ada", "bob"):
        lock(site, manual_clock, name)
        answered(login(site, name, "wrong"), 429, f"an attempt for {name} after its eighth failure")
    named = [name for name, _ in mails.seen]
    assert named == ["ada", "bob"], f"ada and bob were locked, and tokens were sent to {named}"
    for wrong in ("no-token", "ada", "x" * 200):
        refused(unlock(site, wrong), 400, "invalid_token", f"the token {wrong[:10]!r}")
    token = mails.seen[0][1]
    manual_clock.advance(1)
    reply = unlock(site, token)
    answered(reply, 200, "a token that was sent")
    assert reply.json() == {"status": "unlocked"}
    refused(login(site, "bob", "ross"), 429, "slow_down", "bob, when ada's token was used,")
    answered(login(site, "ada", "wrong"), 401, "a failure of ada, unlocked,")
    answered(login(site, "ada", "lovelace"), 200, "ada, unlocked,")
    refused(unlock(site, token), 400, "invalid_token", "a token that was used")
    lock(site, manual_clock, "ada")
    refused(unlock(site, token), 400, "invalid_token", "the token of ada's first lock, when she is locked again,")
    answered(login(site, "ada", "lovelace"), 429, "ada, locked again,")
    manual_clock.advance(TOKEN_S - 0.25)
    answered(unlock(site, mails.seen[2][1]), 200, "a token 599.75 s old")
    answered(login(site, "ada", "lovelace"), 200, "ada, unlocked at the last moment,")
    lock(site, manual_clock, "eve")
    manual_clock.advance(TOKEN_S)
    refused(unlock(site, mails.seen[3][1]), 400, "invalid_token", "a token 600 s old")
    answered(login(site, "eve", "online"), 429, "eve, whose token came too late,")


@check(
    "tokens cannot be guessed",
    points=5,
    stage="robust",
    hint="128 bits from the module secrets: no counter, clock, hash of the name or random.random().",
)
def test_tokens_cannot_be_guessed(web, driver, manual_clock):
    tokens: list[str] = []
    for _ in range(2):  # two services, as like as can be
        mails = driver.Calls()
        site = serve(web, driver, manual_clock, mails=mails)
        driver.seed(20)
        for name in PASSWORDS:
            manual_clock.set(1000.0)
            lock(site, manual_clock, name)
        assert [name for name, _ in mails.seen] == list(PASSWORDS), "each user that is locked gets one token"
        tokens += [str(token) for _, token in mails.seen]
    for token in tokens:
        assert re.fullmatch(r"[A-Za-z0-9_-]{22,200}", token), (
            f"{token!r} is not 22 to 200 characters of A-Z a-z 0-9 _ -"
        )
    assert len(set(tokens)) == len(tokens), f"of 6 tokens some are the same: {tokens}"
    fixed = [place for place, signs in enumerate(zip(*tokens, strict=False)) if len(set(signs)) == 1]
    assert len(fixed) <= 2, f"all 6 tokens have the same characters at {fixed}, such as {tokens[0]!r}"


@check(
    "an address that fails with ten names raises the alarm",
    points=6,
    stage="robust",
    hint="Stolen pairs are tried once each: no name fails twice. What do they have in common?",
)
def test_alert(web, driver, manual_clock):
    alarms = driver.Calls()
    site = serve(web, driver, manual_clock, alarms=alarms)

    def fail(address: str, *numbers: int) -> list[Any]:
        before = len(alarms.seen)
        for number in numbers:
            answered(login(site, f"name-{number}", "wrong", address), 401, "a wrong password")
        return [address for (address,) in alarms.seen[before:]]

    same(fail("10.0.0.1, 203.0.113.7", *range(9)), [], "9 names from one address")
    answered(login(site, "eve", "online", "203.0.113.7"), 200, "the attacker's own account")
    same(fail("10.0.0.2, 203.0.113.7", 8), [], "9 names from one address, one of them twice")
    for name in range(50, 60):
        same(fail(f"10.0.0.1, 203.0.113.{name}", name), [], "10 names from 10 addresses")
    same(fail("10.0.0.3, 203.0.113.7", 9), ["203.0.113.7"], "the tenth name from one address")
    same(fail("203.0.113.7", *range(10, 19)), [], "9 further names after an alarm")
    same(fail("203.0.113.7", 19), ["203.0.113.7"], "the tenth name after an alarm")
    same(fail("203.0.113.8", *range(20, 29)), [], "9 names from another address")
    manual_clock.advance(LOCK_S - 0.25)
    same(fail("203.0.113.8", 20), [], "the first of them again, 899.75 s later")
    manual_clock.advance(0.25)
    same(fail("203.0.113.8", *range(30, 38)), [], "8 further names, when all but one of the others are 900 s old")
    same(fail("203.0.113.8", 38), ["203.0.113.8"], "one name more")


@check(
    "what is no attempt is refused, and counts nothing",
    points=4,
    stage="robust",
    hint="FastAPI answers in its own shape unless you handle RequestValidationError.",
)
def test_bad_bodies(web, driver, manual_clock):
    site = serve(web, driver, manual_clock)
    bodies = ['{"username": ', "[]", "null", '"ada"', '{"username": "ada"}', '{"password": "x"}']
    for value in (None, 5, "", ["x"], "a" * 201):
        bodies += [
            json.dumps({"username": "ada", "password": "x"} | {name: value}) for name in ("username", "password")
        ]
    headers = {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"}
    for body in bodies:
        refused(
            site.client.post("/login", content=body, headers=headers), 422, "invalid_request", f"the body {body[:60]}"
        )
    for body in ("{}", '{"token": 5}', '{"token": ""}'):
        refused(
            site.client.post("/unlock", content=body, headers=headers), 422, "invalid_request", f"/unlock with {body}"
        )
    statuses = [login(site, "ada", "wrong").status_code for _ in range(4)]
    assert statuses == [401] * 3 + [429], f"after {len(bodies)} bad bodies 4 guesses were answered {statuses}"
    answered(login(site, "a" * 200, "x" * 200), 401, "a name and a password of 200 characters")


@check(
    "hashes are compared in constant time",
    points=4,
    stage="production",
    hint="== stops at the first byte that differs. Which function of hmac does not?",
)
def test_constant_time(subject, driver):
    driver.watch()
    known = stored("lovelace")
    for password in ("lovelace", "wrong"):
        driver.compared()
        is_right = subject.verify_password(password, known)
        assert is_right is (password == "lovelace"), f"verify_password({password!r}, ...) gave {is_right}"
        seen = driver.compared()
        assert seen, f"verify_password({password!r}, ...) did not call hmac.compare_digest"
        assert all(a == b >= 32 for a, b in seen), f"compare_digest was given lengths {seen}, not two whole keys"


@check(
    "guesses that come at once are counted before they are hashed",
    points=5,
    stage="production",
    hint="A hash takes a tenth of a second. How many guesses come in before the first has failed?",
)
async def test_at_once(web, virtual_time, driver, manual_clock):
    driver.watch(1.0)
    site = serve(web, driver, manual_clock)
    async with site.async_client() as client:
        for name in ("ada", "nobody"):
            driver.hashed()
            replies = await asyncio.gather(*(send(client, name, "wrong") for _ in range(20)))
            statuses = Counter(reply.status_code for reply in replies)
            assert statuses == {401: 3, 429: 17}, (
                f"20 guesses for {name} at once were answered {dict(statuses)}, expected 3 times 401"
            )
            count = len(driver.hashed())
            assert count == 3, f"20 guesses at once were hashed {count} times, though 3 were admitted"
        manual_clock.advance(1)
        replies = await asyncio.gather(*(send(client, name, PASSWORDS[name]) for name in PASSWORDS))
    assert [reply.status_code for reply in replies] == [200] * 3, "three users could not log in at once"


@check(
    "the event loop never hashes",
    points=4,
    stage="production",
    hint="While scrypt runs on the loop, nobody else is served. Where else can it run?",
)
def test_loop_is_free(web, driver, manual_clock):
    driver.watch()
    site = serve(web, driver, manual_clock)
    driver.hashed()
    for name, password, status in (("ada", "lovelace", 200), ("ada", "wrong", 401), ("nobody", "wrong", 401)):
        answered(login(site, name, password), status, f"a login of {name}")
        seen = driver.hashed()
        assert seen, f"a login of {name} did not call hashlib.scrypt"
        on_loop = [call for call in seen if call[3]]
        assert not on_loop, f"a login of {name} called hashlib.scrypt on the thread of the event loop"


# --- Helpers


def serve(web, driver, clock, *, mails: Any = None, alarms: Any = None):
    """The served app; its calls of ``send_token`` and ``alert`` are written down in ``mails`` and ``alarms``."""
    users = {name: stored(password) for name, password in PASSWORDS.items()}
    mails = driver.Calls() if mails is None else mails
    alarms = driver.Calls() if alarms is None else alarms
    return web.serve("create_app", users, send_token=mails, alert=alarms, clock=clock, log2_n=LOG2_N)


def request(name: str, password: str, address: str) -> dict[str, Any]:
    body = {"username": name, "password": password}
    return {"json": body, "headers": {"X-Forwarded-For": address or next(addresses)}}


def login(site, name: str, password: str, address: str = ""):
    """POST /login, without an ``address`` from one that nobody else has."""
    return site.client.post("/login", **request(name, password, address))


def send(client, name: str, password: str):
    """The same by an asynchronous client: to be awaited."""
    return client.post("/login", **request(name, password, ""))


def unlock(site, token: str):
    return site.client.post("/unlock", json={"token": token})


def lock(site, clock, name: str) -> float:
    """Let a name without failures fail eight times, as early as may be; the time of the last."""
    for delay in (0, 0, 0, 1, 2, 4, 8, 16):
        clock.advance(delay)
        answered(login(site, name, "wrong"), 401, f"a failure of {name}, after its wait,")
    return float(clock.now)


def work(driver) -> list[list[int]]:
    """The n, r and p of each scrypt since the last time."""
    return [call[:3] for call in driver.hashed()]


def answered(reply, status: int, what: str) -> None:
    assert reply.status_code == status, (
        f"{what} was answered {reply.status_code}, expected {status}: {reply.text[:200]}"
    )


def refused(reply, status: int, code: str, what: str) -> None:
    answered(reply, status, what)
    body = reply.json()
    error = body.get("error") if isinstance(body, dict) else None
    right = isinstance(error, dict) and error.get("code") == code and isinstance(error.get("message"), str)
    expected = {"error": {"code": code, "message": "..."}}
    assert right, f"the body of the {status} to {what} is {body}, expected {expected}"


def same(alarms: list[str], expected: list[str], what: str) -> None:
    assert alarms == expected, f"alert was called with {alarms} for {what}, expected {expected}"
