"""Hidden suite of request_lifecycle. Statement: exercises/week1/request_lifecycle/README.md."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check

USABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
BALANCES = {"ada": 100, "bob": 5}
SECRET = "connection to db-7.internal lost, password=hunter2"  # what a store says when it fails
ANSWER_500 = {"detail": "internal server error"}


@check(
    "a transfer moves money, and has done so when the answer comes",
    points=9,
    stage="core",
    hint="Debit the sender, credit the recipient, and let the dependency commit.",
)
def test_transfer(web, driver):
    site, ledger = serve(web, driver)
    assert answered(balance(site, "ada"), 200) == {"account": "ada", "balance": 100}
    for cents, left in ((30, 70), (69, 1), (1, 0)):
        assert answered(transfer(site, "ada", "bob", cents), 201) == {"balance": left}
        assert ledger.balances == {"ada": left, "bob": 105 - left}
        assert answered(balance(site, "ada"), 200) == {"account": "ada", "balance": left}
    assert answered(site.client.get("/health"), 200) == {"status": "ok"}


@check(
    "one unit of work for each request: begin, work, commit, close",
    points=10,
    stage="core",
    hint="Who else in the request needs the unit of work, and does FastAPI hand out the same one?",
)
def test_one_unit(web, driver):
    site, ledger = serve(web, driver)
    for ask in (lambda: transfer(site, "ada", "bob", 30), lambda: balance(site, "bob")):
        before = ledger.begun
        reply = ask()
        assert reply.is_success, f"{asked(reply)} was answered {reply.status_code}"
        begun = ledger.begun - before
        assert begun == 1, f"{asked(reply)} began {begun} units of work, expected 1"
        life_is(ledger, before + 1, "begin", "commit", "close")
    before = ledger.begun
    answered(site.client.get("/health"), 200)
    assert ledger.begun == before, "GET /health began a unit of work, which it has no use for"


@check(
    "a refused request is rolled back and closed, however late it is refused",
    points=10,
    stage="core",
    hint="An HTTPException that an endpoint raises comes out of your dependency's yield.",
)
def test_refused(web, driver):
    site, ledger = serve(web, driver)
    answered(transfer(site, "ada", "bob", 10), 201)
    for to, cents, status in (("nobody", 10, 404), ("bob", 91, 409), ("bob", 0, 422), ("bob", -5, 422)):
        before = ledger.begun
        answered(transfer(site, "ada", to, cents), status)
        assert ledger.balances == {"ada": 90, "bob": 15}, (
            f"a transfer that was answered {status} left the balances {ledger.balances}"
        )
        begun = ledger.begun - before
        assert begun == 1 or (begun == 0 and status == 422), f"{begun} units of work were begun, expected 1"
        if begun:
            life_is(ledger, before + 1, "begin", "rollback", "close")


@check(
    "an unexpected error is rolled back, closed and answered 500 without a word about it",
    points=8,
    stage="core",
    hint="What does your dependency do with an exception that it does not know?",
)
def test_unexpected(web, driver):
    site, ledger = serve(web, driver)
    answered(transfer(site, "ada", "bob", 10), 201)
    for operation in ("add", "account_of"):
        ledger.fail(operation, SECRET)
        before = ledger.begun
        reply = transfer(site, "ada", "bob", 10)
        assert answered(reply, 500, f"{operation} raised") == ANSWER_500
        assert "hunter2" not in str(reply.headers), "a header of the 500 tells what went wrong inside"
        life_is(ledger, before + 1, "begin", "rollback", "close")
    for operation in ("add", "account_of"):
        ledger.fail(operation, "")
    assert ledger.balances == {"ada": 90, "bob": 15}
    assert answered(transfer(site, "ada", "bob", 10), 201) == {"balance": 80}


@check(
    "the answer waits for the commit: a commit that fails is a 500",
    points=8,
    stage="core",
    hint="When does FastAPI run the code after yield: before or after the answer is sent? See Depends(scope=...).",
)
def test_commit_fails(web, driver):
    site, ledger = serve(web, driver)
    answered(transfer(site, "ada", "bob", 10), 201)
    ledger.fail("commit", SECRET)
    before = ledger.begun
    assert answered(transfer(site, "ada", "bob", 10), 500, "commit raised") == ANSWER_500
    life_is(ledger, before + 1, "begin", "commit", "rollback", "close")
    ledger.fail("commit", "")
    assert ledger.balances == {"ada": 90, "bob": 15}
    assert answered(transfer(site, "ada", "bob", 10), 201) == {"balance": 80}


@check(
    "requests in flight at once each have a unit and an id of their own",
    points=8,
    stage="core",
    hint="What is kept in a module's variable, or in the app, is shared by all requests.",
)
async def test_concurrent(web, driver):
    names = [f"user{number}" for number in range(6)]
    ledger = driver.Ledger(dict.fromkeys(names, 100) | {"pot": 0}, gate=len(names))
    site = web.serve("create_app", ledger)
    async with site.async_client() as client:
        replies = await asyncio.gather(
            *(
                client.post(
                    "/transfers",
                    json={"to": "pot" if name != "user3" else "nobody", "cents": 10},
                    headers=headers(name, f"id-{name}"),
                )
                for name in names
            )
        )
    for name, reply in zip(names, replies):
        answered(reply, 201 if name != "user3" else 404)
        assert reply.headers.get("X-Request-ID") == f"id-{name}"
    assert ledger.balances == {name: 90 if name != "user3" else 100 for name in names} | {"pot": 50}
    assert ledger.begun == len(names), f"{len(names)} requests began {ledger.begun} units of work"
    for number, request_id, operation, argument in ledger.events:
        owner = request_id.removeprefix("id-")
        mine = {"account_of": (f"t-{owner}",), "add": (owner, "pot", "nobody")}.get(operation)
        assert mine is None or argument in mine, (
            f"unit of work {number}, begun for request {request_id}, was used by another: {operation}({argument!r})"
        )
    for number in range(1, len(names) + 1):
        failed = any(of == number and argument == "nobody" for of, _, _, argument in ledger.events)
        life_is(ledger, number, "begin", "rollback" if failed else "commit", "close")

    other = web.serve("create_app", driver.Ledger({"user0": 7}))
    for each, amount in ((site, 90), (other, 7), (site, 90)):
        got = answered(balance(each, "user0"), 200).get("balance")
        assert got == amount, f"two apps have two stores: the balance is {got}, expected {amount}"


@check(
    "a request's id comes back and reaches the store",
    points=7,
    stage="core",
    hint="The middleware decides on the id; where can the dependency find it?",
)
def test_id(web, driver):
    site, ledger = serve(web, driver)
    for request_id in ("r-1", "7b1c.A_z", "x" * 64):
        reply = balance(site, "ada", request_id)
        answered(reply, 200)
        assert id_of(reply) == request_id
        assert begun_for(ledger) == request_id
    fresh = []
    for _ in range(5):
        reply = balance(site, "ada")
        answered(reply, 200)
        fresh.append(id_of(reply))
        assert begun_for(ledger) == fresh[-1]
    assert len(set(fresh)) == len(fresh), f"requests without an id were given the same one: {fresh}"


@check(
    "an id that breaks the rules is replaced by a fresh one",
    points=7,
    stage="robust",
    hint="Who writes this header, and where does it end up? Say what is allowed, from the first character to the last.",
)
def test_bad_id(web, driver):
    site, ledger = serve(web, driver)
    seen = set()
    near = st.text("aZ09._-", min_size=1, max_size=70)
    far = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=20)

    @settings(max_examples=30)
    @given((near | far | st.builds(str.__add__, near, far)).map(str.strip))
    @example("x" * 64)
    @example("x" * 65)
    @example("")
    @example("two words")
    @example("r-1;drop")
    @example("r-1<script>")
    @example("=r-1")
    @example("caf\xe9")
    @example("\xb2")
    @example("a/../b")
    @example("a" * 5000)
    def kept_or_replaced(sent):
        reply = site.client.get("/balance", headers=headers("ada", sent))
        answered(reply, 200)
        got = id_of(reply)
        if USABLE.fullmatch(sent):
            assert got == sent
        else:
            assert USABLE.fullmatch(got), f"the id {sent[:80]!r} was answered with {got[:80]!r}"
            assert got not in seen, f"two requests were given the id {got}"
            seen.add(got)
        assert begun_for(ledger) == got

    kept_or_replaced()


@check(
    "every answer carries an id and a time: 401, 404, 405, 422 and 500 too",
    points=6,
    stage="robust",
    hint="Which code runs for a path that no route has? Which for an exception that nobody handles?",
)
def test_every_answer(web, driver):
    site, ledger = serve(web, driver)
    ask = site.client.request
    marked(ask("GET", "/health", headers=headers("", "r-0")), 200, "r-0")
    marked(ask("GET", "/balance", headers=headers("", "r-1")), 401, "r-1")
    marked(ask("GET", "/no/such/path", headers=headers("ada", "r-2")), 404, "r-2")
    marked(ask("DELETE", "/balance", headers=headers("ada", "r-3")), 405, "r-3")
    marked(ask("POST", "/transfers", json={}, headers=headers("ada", "r-4")), 422, "r-4")
    marked(transfer(site, "ada", "bob", 1, "r-5"), 201, "r-5")
    marked(transfer(site, "ada", "bob", 1000, "r-6"), 409, "r-6")
    ledger.fail("account_of", SECRET)
    marked(transfer(site, "ada", "bob", 1, "r-7"), 500, "r-7")


@check(
    "without a token that is known the answer is 401, and nothing is committed",
    points=6,
    stage="robust",
    hint="What does the header look like when the scheme is another, in another case, or alone?",
)
def test_unauthorised(web, driver):
    site, ledger = serve(web, driver)
    for value in ("Bearer t-ada", "bearer t-ada", "BEARER t-ada"):
        reply = site.client.get("/balance", headers={"Authorization": value})
        assert reply.status_code == 200, f"Authorization: {value} was answered {reply.status_code}, expected 200"
    before = ledger.begun
    for value in (None, "", "Bearer", "Bearer t-eve", "Basic t-ada", "t-ada", "Bearer t-ada x", "Token t-ada"):
        sent = {} if value is None else {"Authorization": value}
        for reply in (
            site.client.get("/balance", headers=sent),
            site.client.post("/transfers", json={"to": "bob", "cents": 1}, headers=sent),
        ):
            assert reply.status_code == 401, f"Authorization: {value} was answered {reply.status_code}, expected 401"
            assert reply.headers.get("WWW-Authenticate", "").lower().startswith("bearer"), (
                "a 401 has to say how to authenticate: WWW-Authenticate: Bearer"
            )
    for number in range(before + 1, ledger.begun + 1):
        life_is(ledger, number, "begin", "rollback", "close")
    assert ledger.balances == BALANCES


@check(
    "a unit of work is closed even if its rollback fails",
    points=6,
    stage="robust",
    hint="What runs after an exception that is raised while you handle another?",
)
def test_rollback_fails(web, driver):
    site, ledger = serve(web, driver)
    answered(transfer(site, "ada", "bob", 10), 201)
    ledger.fail("rollback", SECRET)
    for to, cents in (("nobody", 10), ("bob", 500)):
        before = ledger.begun
        assert answered(transfer(site, "ada", to, cents), 500, "rollback raised") == ANSWER_500
        life_is(ledger, before + 1, "begin", "rollback", "close")
    ledger.fail("commit", SECRET)
    before = ledger.begun
    assert answered(transfer(site, "ada", "bob", 10), 500, "commit and rollback raised") == ANSWER_500
    life_is(ledger, before + 1, "begin", "commit", "rollback", "close")


@check(
    "a test can override the account and the unit of work",
    points=6,
    stage="production",
    hint="app.dependency_overrides replaces what is reached through Depends, and nothing else.",
)
async def test_override(subject, driver):
    ledger, double = driver.Ledger(BALANCES), driver.Ledger({"bob": 1000, "ada": 0})
    app = subject.create_app(ledger)
    assert (await driver.ask(app, "GET", "/balance"))[0] == 401, "without an override, a token is needed"
    driver.replace_account(app, "bob")
    got = await driver.ask(app, "GET", "/balance")
    assert got == (200, {"account": "bob", "balance": 5}), (
        f"with current_account overridden to give 'bob', GET /balance was answered {got}"
    )
    before = ledger.begun
    driver.replace_unit(app, double, "from-a-test")
    got = await driver.ask(app, "POST", "/transfers", {"to": "ada", "cents": 1})
    assert got == (201, {"balance": 999}), (
        f"with unit_of_work overridden too, a transfer of 1 from a balance of 1000 was answered {got}"
    )
    assert ledger.begun == before, "a unit of work of the store was begun although unit_of_work was overridden"
    other = subject.create_app(ledger)
    assert (await driver.ask(other, "GET", "/balance"))[0] == 401, "an override of one app changed another"


@check(
    "X-Process-Time is the time from the request's arrival to its answer, the unit of work included",
    points=5,
    stage="production",
    hint="Where must you stand to see all of a request? Which clock do you read?",
)
def test_time(web, driver, manual_clock):
    ledger = driver.Ledger(BALANCES, clock=manual_clock)
    site = web.serve("create_app", ledger, clock=manual_clock)
    for operation, seconds in (("begin", 0.25), ("commit", 0.5), ("rollback", 0.125), ("close", 0.0625)):
        ledger.cost(operation, seconds)
    took(transfer(site, "ada", "bob", 10), 201, 0.8125)
    took(transfer(site, "ada", "nobody", 10), 404, 0.4375)
    took(site.client.get("/health"), 200, 0.0)
    ledger.fail("commit", SECRET)
    took(transfer(site, "ada", "bob", 10), 500, 0.9375)


@check(
    "an unexpected error is logged with its traceback and the request's id, a refusal is no error",
    points=4,
    stage="production",
    hint="Who answers the exception must also tell somebody: logger.exception, or exc_info.",
)
def test_log(web, driver):
    site, ledger = serve(web, driver)
    driver.watch_logs()
    answered(transfer(site, "ada", "bob", 10, "r-good"), 201)
    answered(transfer(site, "ada", "nobody", 10, "r-refused"), 404)
    loud = [message for level, message, _ in driver.logged() if level >= logging.ERROR]
    assert not loud, f"a refusal was logged as an error: {loud[0]!r}"
    ledger.fail("add", SECRET)
    answered(transfer(site, "ada", "bob", 10, "r-broken"), 500)
    errors = [(message, kind) for level, message, kind in driver.logged() if level >= logging.ERROR]
    assert any("r-broken" in message and kind == "RuntimeError" for message, kind in errors), (
        "the RuntimeError that led to a 500 was not logged at level ERROR with exc_info "
        f"and the request's id r-broken in its message; logged were {errors}"
    )


# --- Helpers


def serve(web, driver) -> tuple[Any, Any]:
    ledger = driver.Ledger(BALANCES)
    return web.serve("create_app", ledger), ledger


def headers(account: str, request_id: str | None = None) -> dict[str, bytes]:
    sent = {"Authorization": f"Bearer t-{account}".encode()} if account else {}
    return sent if request_id is None else sent | {"X-Request-ID": request_id.encode("latin-1")}


def transfer(site, account: str, to: str, cents: int, request_id: str | None = None):
    return site.client.post("/transfers", json={"to": to, "cents": cents}, headers=headers(account, request_id))


def balance(site, account: str, request_id: str | None = None):
    return site.client.get("/balance", headers=headers(account, request_id))


def asked(reply) -> str:
    return f"{reply.request.method} {reply.request.url.path}"


def answered(reply, status: int, since: str = "") -> dict[str, Any]:
    """The JSON object of an answer with that status."""
    expected = f"{status}, since {since}" if since else f"{status}"
    assert reply.status_code == status, (
        f"{asked(reply)} was answered {reply.status_code}, expected {expected}: {reply.text[:200]}"
    )
    body = reply.json()
    assert isinstance(body, dict), f"{asked(reply)} was not answered with a JSON object: {reply.text[:200]}"
    return body


def id_of(reply) -> str:
    ids = reply.headers.get_list("X-Request-ID")
    assert len(ids) == 1, f"the {reply.status_code} to {asked(reply)} has {len(ids)} X-Request-ID headers, expected 1"
    return ids[0]


def time_of(reply) -> float:
    text = reply.headers.get("X-Process-Time", "")
    assert re.fullmatch(r"\d+\.\d{3,}", text), (
        f"X-Process-Time of the {reply.status_code} to {asked(reply)} is {text!r}, expected seconds such as 0.812500"
    )
    return float(text)


def marked(reply, status: int, request_id: str) -> None:
    assert reply.status_code == status, f"{asked(reply)} was answered {reply.status_code}, expected {status}"
    got = id_of(reply)
    assert got == request_id, f"the {status} to request {request_id} carries the id {got}"
    time_of(reply)


def took(reply, status: int, seconds: float) -> None:
    assert reply.status_code == status, f"{asked(reply)} was answered {reply.status_code}, expected {status}"
    got = time_of(reply)
    assert abs(got - seconds) <= 0.001, f"X-Process-Time of a {status} is {got}, expected {seconds} by the clock"


def begun_for(ledger) -> str:
    """The request id that the latest unit of work was begun with."""
    begun = [request_id for _, request_id, operation, _ in ledger.events if operation == "begin"]
    assert begun, "no unit of work was begun"
    return begun[-1]


def life_is(ledger, number: int, *expected: str) -> None:
    """Hold what happened to a unit of work, its work left out, against the operations expected."""
    events = [operation for of, _, operation, _ in ledger.events if of == number]
    work = ("account_of", "balance", "add")
    ends = [operation for operation in events if operation not in work]
    told = ", ".join(events) or "nothing at all"
    assert ends == list(expected), f"the unit of work went through {told}; expected, besides its work: {expected}"
    last = events[-len(expected) + 1 :]
    assert last == list(expected[1:]), f"the unit of work was used after its end: {told}"
