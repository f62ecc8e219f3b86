"""Making a submission's text safe, format by format."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report import text

anything = st.text(st.characters(), max_size=60)  # lone surrogates, too


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("caf\u00e9 \u2713\nsecond line", "caf\u00e9 \u2713\nsecond line"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\tb", "a    b"),
        ("line\r\nnext\rlast", "line\nnext\\rlast"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("::error::x", "\\x3a:error::x"),
        ("  ::x", "  \\x3a:x"),
        ("a::b", "a::b"),
        ("x ##[error]", "x #\\x23[error]"),
        ("###[x", "##\\x23[x"),
        ("end\n\n", "end"),
    ],
)
def test_plain(given_text: str, expected: str) -> None:
    """Ordinary text stays; everything that acts is written out."""
    assert text.plain(given_text) == expected


def test_plain_leaves_out_the_last_of_many_lines() -> None:
    """A limit of three lines shows two and counts the rest."""
    assert text.plain("1\n2\n3\n4\n5", max_lines=3) == "1\n2\n... 3 more lines"
    assert text.plain("1\n2\n3", max_lines=3) == "1\n2\n3"


@given(anything)
def test_plain_is_always_printable(given_text: str) -> None:
    """Nothing but new lines and printable characters comes out, and a second time changes nothing."""
    made = text.plain(given_text)
    assert made.replace("\n", "").isprintable()
    assert text.plain(made) == made
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in made.split("\n"))


@given(anything)
def test_xml_is_always_well_formed(given_text: str) -> None:
    """Whatever the text, the document parses and holds one element with that text."""
    document = f"<a b={text.xml_attribute(given_text)}>{text.xml_text(given_text)}</a>"
    element = ElementTree.fromstring(document)
    assert (element.text or "") == text.plain(given_text)
    assert element.get("b") == text.one_line(given_text)
    assert len(element) == 0


@given(anything)
def test_json_keeps_its_meaning(given_text: str) -> None:
    """Decoding gives the text back, and the encoded line holds no command."""
    encoded = text.json_text(json.dumps(given_text))
    assert json.loads(encoded) == given_text
    assert "##[" not in encoded
    assert encoded.isascii()
    assert encoded.isprintable()


@given(st.text("`~ab \n|", max_size=30))
def test_markdown_fences_hold(given_text: str) -> None:
    """No line of a block, and no run of backticks in a span, is as long as the fence around it."""
    fence, *lines, end = text.markdown_block(given_text).split("\n")
    assert fence == f"{end}text"
    assert all(end not in line for line in lines)
    span = text.markdown_code(given_text)
    ticks = len(span) - len(span.lstrip("`"))
    assert "`" * ticks not in span[ticks:-ticks]
    assert "\n" not in span


def test_markdown_text_shows_itself() -> None:
    """The kit's own titles are shown letter by letter."""
    assert text.markdown_text("a*b* <c> | [d](e) `f`") == r"a\*b\* \<c\> \| \[d\](e) \`f\`"
