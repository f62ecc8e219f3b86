"""An exchange with an app as a ``curl`` command and a remark, to be tried again against local servers."""

from __future__ import annotations

import shlex

import httpx

from grader.suite.shortly import shortly

_LENGTH = 300  # characters of a body
_LONGEST = 2_000  # characters of an address or a header
_USUAL = {"accept": "*/*", "connection": "keep-alive", "user-agent": f"python-httpx/{httpx.__version__}"}


def curl(request: httpx.Request, base: str, local: str) -> str:
    """The request as a command, with ``base`` replaced by where a learner serves the app."""
    try:
        content = request.content
    except httpx.RequestNotRead:
        content = b"(a stream)"
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words = ["curl", "-I"]
    elif request.method != ("POST" if content else "GET"):
        words += ["-X", request.method]
    host = base.partition("://")[2]
    for name, value in request.headers.items():
        if not is_usual(name, value, host):
            words += ["-H", f"{name}: {shortly(value, _LONGEST, quote=False)}"]
    if content:
        words += ["--data-raw", _readable(content)]
    address = str(request.url)
    shown = local + address.removeprefix(base) if address.startswith(base) else address
    return " ".join(shlex.quote(word) for word in [*words, shortly(shown, _LONGEST, quote=False)])


def outcome(response: httpx.Response) -> str:
    """``200 {"id": 1}``."""
    parts = [str(response.status_code)]
    if "location" in response.headers:
        parts.append(f"location: {shortly(one_line(response.headers['location']), _LENGTH, quote=False)}")
    if response.content:
        parts.append(_readable(response.content))
    return " ".join(parts)


def one_line(text: str) -> str:
    """Without line ends and other characters that would do something to a terminal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def is_usual(name: str, value: str, host: str) -> bool:
    """Whether the client has set the header by itself, as ``curl`` does."""
    if name == "accept-encoding":
        return value.startswith("gzip, deflate")
    return name == "content-length" or (name == "host" and value == host) or _USUAL.get(name) == value


def _readable(content: bytes) -> str:
    try:
        return shortly(one_line(content[: 4 * _LENGTH].decode()), _LENGTH, quote=False)
    except UnicodeDecodeError:
        return f"({len(content):,} bytes)"
