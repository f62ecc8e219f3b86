"""What an app answers, as untrusted as anything else from a cell, and what it means when it does not."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import httpx

from grader.suite.shortly import shortly

MAX_BODY = 1 << 20  # bytes


class SiteError(AssertionError):
    """The app gave no proper answer. ``status`` is that of the answer that it gave instead, or 0."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Answer(httpx.Response):
    """A response that was read to its end and is not too large."""

    @property
    def status(self) -> int:
        """The status code."""
        return self.status_code

    @property
    def body(self) -> bytes:
        """The body without its content encoding."""
        return self.content

    def json(self, **_options: Any) -> Any:
        """The body as JSON; what is not JSON fails the check."""
        try:
            return json.loads(self.content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            shown = shortly(self.text, 120) if self.content else "it is empty"
            raise AssertionError(f"the body is not JSON: {shown}") from None


def answer(request: httpx.Request, response: httpx.Response, body: bytes) -> Answer:
    """The answer with its whole ``body`` as it came. Raises ``SiteError`` when it cannot be taken."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in ("gzip", "deflate") and _is_too_large(body, coding):
        raise too_large(request)
    headers = [pair for pair in response.headers.raw if pair[0].lower() != b"transfer-encoding"]
    try:
        made = Answer(response.status_code, headers=headers, content=body, request=request)
    except httpx.DecodingError:
        raise SiteError(f"{named(request)}: the body is not {coding}, as its header says") from None
    return made


def too_large(request: httpx.Request) -> SiteError:
    return SiteError(f"{named(request)}: the body is larger than {MAX_BODY:,} bytes")


def named(request: httpx.Request) -> str:
    """``GET /items?limit=5``."""
    return f"{request.method} {shortly(request.url.raw_path.decode('ascii'), 160, quote=False)}"


@contextmanager
def explained(request: httpx.Request, timeout: float) -> Iterator[None]:
    """Turns what goes wrong on the way to the app and back into a ``SiteError`` that says so."""
    what = named(request)
    try:
        yield
    except (httpx.TimeoutException, TimeoutError):
        raise SiteError(f"{what}: no answer within {timeout:g} s") from None
    except httpx.ConnectError:
        raise SiteError(f"{what}: the app accepts no connections") from None
    except httpx.RemoteProtocolError as error:
        if "disconnected" in str(error) or "closed connection" in str(error):
            how = "the app closed the connection without a whole answer"
        else:
            how = f"the app's answer is not HTTP: {shortly(str(error), 120, quote=False)}"
        raise SiteError(f"{what}: {how}") from None
    except (httpx.NetworkError, OSError):
        raise SiteError(f"{what}: the app broke the connection") from None


def _is_too_large(body: bytes, coding: str) -> bool:
    """Whether a small body grows beyond the limit when it is unpacked."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if coding == "gzip" else zlib.decompressobj()
    try:
        return len(unpacker.decompress(body, MAX_BODY + 1)) > MAX_BODY
    except zlib.error:
        try:  # a "deflate" without its header, which clients take as well
            return len(zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, MAX_BODY + 1)) > MAX_BODY
        except zlib.error:
            return False


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
