"""Who came from where, and the page that shows it."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from .store import Hit, Link


def hit_of(code: str, now: float, headers: Headers) -> Hit:
    """The hit that a request with these headers is."""
    return Hit(
        code=code,
        day=datetime.fromtimestamp(now, UTC).date().isoformat(),
        referrer=_referrer(headers.get("Referer", "")),
        visitor=_visitor(headers.get("X-Forwarded-For", ""), headers.get("User-Agent", "")),
    )


def _referrer(referer: str) -> str:
    try:
        return urlsplit(referer).hostname or "direct"
    except ValueError:
        return "direct"


def _visitor(forwarded_for: str, agent: str) -> str:
    """A digest, so that no address is kept. Only the last address was written by our own gateway."""
    address = forwarded_for.rpartition(",")[2].strip()
    return hashlib.blake2b(f"{address}\n{agent}".encode(), digest_size=16).hexdigest()


def dashboard_page(rows: Iterable[tuple[Link, dict[str, int]]]) -> str:
    """HTML with one row a link: where it leads, its hits, and the hosts that they came from."""
    lines = []
    for link, referrers in rows:
        cells = (link.code, link.url, sum(referrers.values()), ", ".join(sorted(referrers)))
        lines.append("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Links</title>\n<table>\n'
        "<tr><th>Code</th><th>URL</th><th>Hits</th><th>Referrers</th></tr>\n"
        + "\n".join(lines)
        + "\n</table>\n</html>\n"
    )
