"""The pages of HTML: whole, self-contained, and safe whatever a submission wrote."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from grader.report import FORMATS
from grader.report.history_html import history_html
from grader.report.markup import join, tag
from tests.sample_history import EMPTY, EXERCISES, RECORD
from tests.sample_reports import SAMPLES

PAGES = {name: FORMATS["html"](sample) for name, sample in SAMPLES.items()}
PAGES |= {"history": history_html(RECORD), "empty history": history_html(EMPTY)}

VOID = ("meta",)
ELEMENTS = {
    "a", "article", "body", "caption", "code", "details", "div", "h1", "h2", "h3", "head", "html", "li", "main", "meta",
    "p", "path", "pre", "section", "small", "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "th",
    "thead", "title", "tr", "ul",
}  # fmt: skip


class Reader(HTMLParser):
    """Reads a page as a browser would, and keeps what matters here."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.headings: list[int] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(name)
        self.attributes += [(key, value or "") for key, value in attributes]
        if re.fullmatch("h[1-6]", name):
            self.headings.append(int(name[1]))
        if name not in VOID:
            self._open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self._open.pop() == name

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += data


@pytest.mark.parametrize("name", PAGES)
class TestEveryPage:
    """What holds for all of them."""

    def test_only_known_elements(self, name: str) -> None:
        """Whatever a submission wrote, no element comes of it, and none that runs or loads anything is there."""
        assert Reader(PAGES[name]).elements <= ELEMENTS

    def test_self_contained(self, name: str) -> None:
        """No address but places in the page itself; no script; the policy forbids both."""
        page = Reader(PAGES[name])
        links = [value for key, value in page.attributes if key in ("href", "src", "action", "srcset", "data")]
        ids = {value for key, value in page.attributes if key == "id"}
        assert {link.removeprefix("#") for link in links} <= ids
        assert [key for key, _ in page.attributes if key.startswith("on")] == []
        assert "url(" not in PAGES[name]
        assert "@import" not in PAGES[name]
        assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes

    def test_headings(self, name: str) -> None:
        """One heading of the first level, and none that skips a level: how a screen reader finds its way."""
        headings = Reader(PAGES[name]).headings
        assert headings.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(headings))

    def test_schemes_and_language(self, name: str) -> None:
        """Light and dark, and a language for the reader's voice."""
        assert '<html lang="en">' in PAGES[name]
        assert "prefers-color-scheme: dark" in PAGES[name]

    def test_bars_are_not_alone(self, name: str) -> None:
        """A bar is drawn for the eye only; its number is text."""
        drawn = '<span class="bar" aria-hidden="true">'
        with_number = re.findall(drawn + r'<span style="[^"]*"></span></span><span class="number">[\d.]+<', PAGES[name])
        assert len(with_number) == PAGES[name].count(drawn)


class TestReport:
    """The page on one grading."""

    def test_every_lost_check_is_told(self) -> None:
        """Title, verdict in words, message, transcript and hint."""
        text = Reader(PAGES["one_exercise"]).text
        for piece in ("check number 2", "wrong answer", "links, core, 25 points", "expected None, got 2", ">>> cache"):
            assert piece in text
        assert "Hint of number 2." in text
        assert "1 of 4 checks passed" in text

    def test_a_title_stands_once_in_the_scoreboard(self) -> None:
        """Below the name."""
        scoreboard = PAGES["one_exercise"].partition("</table>")[0].partition("<tbody>")[2]
        assert scoreboard.count("Worker pools") == 1

    def test_hostile_text_is_shown(self) -> None:
        """What was meant to be markup is read letter by letter."""
        assert "</details><img src=x onerror=alert(1)> @everyone" in Reader(PAGES["hostile"]).text


class TestHistory:
    """The page on a learner's history."""

    def test_parts(self) -> None:
        """Progress by track and by topic, over time, by exercise, what was lost, mocks."""
        found = re.findall("<h2>(.*?)</h2>", PAGES["history"])
        assert found == [
            "Tracks", "Topics, weakest first", "Score over time", "Exercises", "Lost checks", "Mocks",
        ]  # fmt: skip

    def test_numbers(self) -> None:
        """Best scores, passes, help that was used, and the mock that has ended."""
        text = Reader(PAGES["history"]).text
        assert "39.58 of 100" in text
        assert "1 of 4 exercises passed, 10 attempts." in text
        assert re.search(r"2026-09-\d\d; 3 attempts, 34 hours; solution seen before", text)
        assert "not yet; 1 of 3 hints" in text
        assert "week1/async_fan_out, week1/pools" in text
        assert text.count("2026-10-01") == 0  # the mock that runs

    def test_chart_in_words(self) -> None:
        """Who cannot see the line hears where it begins and ends, and finds all of it in a table."""
        labels = [value for key, value in Reader(PAGES["history"]).attributes if key == "aria-label"]
        (told,) = labels
        assert re.match(r"Mean of the best scores: 39.58 of 100 on 2026-09-\d\d, 0 on 2026-09-01.", told)
        assert "The same as a table" in PAGES["history"]

    def test_before_the_first_attempt(self) -> None:
        """The tracks alone."""
        assert re.findall("<h2>(.*?)</h2>", PAGES["empty history"]) == ["Tracks"]
        assert "0 of 4 exercises passed, 0 attempts." in Reader(PAGES["empty history"]).text
        assert len(EXERCISES) == 4


class TestMarkup:
    """How text becomes safe."""

    def test_text_and_attributes(self) -> None:
        """Every string that is not HTML is escaped, in content and in attributes."""
        assert tag("p", '<b>&"', class_='">x') == '<p class="&quot;&gt;x">&lt;b&gt;&amp;"</p>'
        assert tag("p", tag("b", "x"), "<") == "<p><b>x</b>&lt;</p>"

    def test_joined_text_is_text_again(self) -> None:
        """Only what was made here counts as HTML; what was put together by hand does not."""
        made = tag("b", "x")
        assert join([made]) == "<b>x</b>"
        assert join([made + ""]) == "&lt;b&gt;x&lt;/b&gt;"
