"""HTML in which text cannot become markup: every plain string that goes into an element is made safe on the way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.model import MAX_SCORE, CheckResult, Status, Verdict
from grader.report.text import xml_attribute, xml_text
from grader.report.words import colour, number, sign, status_word, verdict_word

_STYLE = Path(__file__).with_name("style.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # nothing is loaded and nothing runs, whatever is in the page


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *content: str, **attributes: str) -> Html:
    """An element; ``class_`` is the attribute class, ``aria_label`` is aria-label."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}={xml_attribute(value)}" for key, value in attributes.items() if value
    )
    return Html(f"<{name}{given}>{join(content)}</{name}>")


def join(content: Iterable[str]) -> Html:
    """Pieces one after the other; those that are no HTML become text."""
    return Html("".join(piece if isinstance(piece, Html) else xml_text(piece) for piece in content))


def document(title: str, *body: str) -> str:
    """A whole page that needs nothing beside itself: no script, no font, no picture from anywhere."""
    head = [
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", title),
        Html(f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>"),
    ]
    whole = tag("html", tag("head", *head), tag("body", tag("main", *body)), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def section(title: str, *content: str, anchor: str = "") -> Html:
    """A part of the page under a heading."""
    return Html(f"\n{tag('section', tag('h2', title), *content, id=anchor)}")


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """A table whose first column names the row. The caption is for those who cannot see where it stands.

    On narrow screens a row becomes a block, in which each cell has its head beside it; the roles are said expressly,
    since a block is otherwise no row for a screen reader.
    """
    heads = tuple(heads)
    head = tag("tr", *(tag("th", text, scope="col", role="columnheader") for text in heads), role="row")
    lines = []
    for first, *rest in rows:
        cells = (tag("td", cell, role="cell", data_head=text) for cell, text in zip(rest, heads[1:], strict=True))
        lines.append(Html(f"\n{tag('tr', tag('th', first, scope='row', role='rowheader'), *cells, role='row')}"))
    named = tag("caption", caption, class_="unseen")
    return tag("table", named, tag("thead", head), tag("tbody", *lines), role="table")


def state(of: Status | Verdict) -> Html:
    """A state as a sign, a word and a colour, so that it can do without the sign and the colour."""
    word = status_word(of) if isinstance(of, Status) else verdict_word(of)
    return tag("span", tag("span", sign(of), aria_hidden="true"), f" {word}", class_=f"state {colour(of)}")


def bar(score: float) -> Html:
    """A score as a number and a bar."""
    drawn = tag("span", tag("span", style=f"width: {100 * score / MAX_SCORE:.4g}%"), class_="bar", aria_hidden="true")
    return tag("span", drawn, tag("span", number(score), class_="number"), class_="score")


def lost_check(result: CheckResult) -> Html:
    """A check that was lost: what it is, what happened, the calls that show it, and its hint behind a fold."""
    check = result.check
    milestone = f"{check.milestone}, " if check.milestone else ""
    parts = [
        tag("h3", check.title),
        tag("p", state(result.verdict), f" \u00b7 {milestone}{check.stage}, {check.points} points"),
    ]
    if result.message:
        parts.append(tag("pre", tag("code", result.message), class_="message"))
    if result.transcript:
        parts.append(tag("pre", tag("code", result.transcript)))
    if check.hint and result.verdict.counts:
        parts.append(tag("details", tag("summary", "Hint"), tag("p", check.hint)))
    return Html(f"\n{tag('article', *parts)}")
