"""The pages of HTML in a real browser: nothing sticks out, nothing complains, everybody can read them.

Runs where Chromium is; with axe-core (https://github.com/dequelabs/axe-core), too, where ONSPOT_AXE names its
axe.min.js: `npm install axe-core`. ONSPOT_SCREENSHOTS names a folder in which every page is left as a picture.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browser, find_browser
from tests.test_html import PAGES

AXE = os.environ.get("ONSPOT_AXE", "")
SCREENSHOTS = os.environ.get("ONSPOT_SCREENSHOTS", "")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages."""
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with Browser(program) as opened:
        yield opened


@pytest.fixture(params=[(400, False), (400, True), (1400, False), (1400, True)], ids=lambda p: f"{p[0]}-{p[1]}")
def shown(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Any]:
    """Opens a page by its name, at each width and in each scheme; afterwards it must not have complained."""
    width, dark = request.param

    def show(name: str) -> Browser:
        file = tmp_path / "page.html"
        file.write_text(PAGES[name], encoding="utf-8")
        browser.complaints.clear()
        browser.open(file, width=width, dark=dark)
        browser.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        if SCREENSHOTS:
            browser.screenshot(Path(SCREENSHOTS, f"{name}-{width}-{'dark' if dark else 'light'}.png"))
        return browser

    yield show
    assert browser.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out(name: str, shown: Any) -> None:
    """No page is wider than its window, and no element wider than the page; all folds open."""
    browser = shown(name)
    assert browser.evaluate("document.documentElement.scrollWidth") <= browser.evaluate("innerWidth")
    outside = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    assert browser.evaluate(f"{outside}.map(e => e.outerHTML.slice(0, 80))") == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.skipif(not AXE, reason="ONSPOT_AXE does not name axe-core's axe.min.js")
def test_everybody_can_read_it(name: str, shown: Any) -> None:
    """axe-core finds nothing serious: contrast in both schemes, names, roles, order of headings."""
    browser = shown(name)
    browser.evaluate(f"{Path(AXE).read_text(encoding='utf-8')};0")
    found = browser.evaluate(
        "axe.run().then(done => done.violations.map(fault => [fault.impact, fault.id, fault.nodes[0].html]))"
    )
    assert [fault for fault in found if fault[0] in SERIOUS] == []


def test_schemes_differ(browser: Browser, tmp_path: Path) -> None:
    """The dark scheme is dark."""
    file = tmp_path / "page.html"
    file.write_text(PAGES["history"], encoding="utf-8")
    seen = []
    for dark in (False, True):
        browser.open(file, width=1400, dark=dark)
        seen.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(252, 252, 250)", "rgb(21, 23, 26)"]
