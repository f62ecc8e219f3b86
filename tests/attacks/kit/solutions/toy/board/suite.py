"""Hidden suite of toy/board: an app that the cell serves."""

import secrets
from html.parser import HTMLParser

from grader.suite import check


@check("what was written can be read", points=20, stage="core", hint="Where do notes stay?")
def test_round_trip(web):
    client, text = web.serve("create_app").client, secrets.token_hex(8)
    made = client.post("/notes", json={"text": text})
    assert (made.status, made.json()) == (201, {"id": 1})
    assert client.get("/notes/1").json() == {"text": text}


@check("numbers go up", points=20, stage="core", hint="What is the second number?")
def test_numbers(web):
    client = web.serve("create_app").client
    assert [client.post("/notes", json={"text": text}).json() for text in "abc"] == [{"id": n} for n in (1, 2, 3)]
    assert client.get("/notes/2").headers["content-type"] == "application/json"


@check("an unknown note is a 404", points=30, stage="robust", hint="What of a number that nobody got?")
def test_missing(web):
    client = web.serve("create_app").client
    text = secrets.token_hex(8)
    assert client.post("/notes", json={"text": text}).status == 201
    assert client.get("/notes/1").json() == {"text": text}
    assert client.get("/notes/99").status == 404


@check("another method is a 405", points=20, stage="robust", hint="Which methods does /notes know?")
def test_method(web):
    client = web.serve("create_app").client
    text = secrets.token_hex(8)
    assert client.post("/notes", json={"text": text}).status == 201
    assert client.get("/notes/1").json() == {"text": text}
    assert client.get("/notes").status == 405


@check("the page shows notes as text", points=10, stage="robust", hint="What of a note that is markup?")
def test_page(web):
    client, shown = web.serve("create_app").client, []
    client.post("/notes", json={"text": "<b>a & b"})
    page = HTMLParser()
    page.handle_data = shown.append
    page.feed(client.get("/").text)
    page.close()
    assert shown == ["<b>a & b"]
