"""The formats of a report, against recorded files and against text that means harm.

ONSPOT_RECORD=1 records the files in tests/golden/ anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.text import Text

from grader.model import Report
from grader.report import FORMATS
from grader.report.to_json import as_values
from grader.report.to_terminal import to_terminal
from tests.sample_reports import ATTACK, HOSTILE, NOT_STARTED, PARTIAL, PASSED, SAMPLES, report

GOLDEN = Path(__file__).parent / "golden"
RECORD = "ONSPOT_RECORD"

Writer = Callable[[Report], str]

WRITERS: dict[str, Writer] = {
    "json": FORMATS["json"],
    "gradescope.json": FORMATS["gradescope"],
    "xml": FORMATS["junit"],
    "md": FORMATS["markdown"],
    "html": lambda sample: FORMATS["html"](sample).partition("</style>")[2],
    "txt": lambda sample: to_terminal(sample, width=90),
    "plain.txt": lambda sample: to_terminal(sample, width=60, ascii_only=True),
}


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_golden(name: str, ending: str) -> None:
    """Every format of every sample is, byte for byte, what was recorded and reviewed."""
    path = GOLDEN / f"{name}.{ending}"
    written = WRITERS[ending](SAMPLES[name])
    if os.environ.get(RECORD):
        path.parent.mkdir(exist_ok=True)
        path.write_text(written, encoding="utf-8", newline="\n")
    assert written == path.read_text(encoding="utf-8"), f"if this is meant, record it with {RECORD}=1"


class TestJson:
    """The contract."""

    def test_fields(self) -> None:
        """The fields of schema 1, none missing and none beside them."""
        values = as_values(report(PARTIAL))
        (exercise,) = values["exercises"]
        assert list(values) == [
            "schema", "kit", "seed", "isolation", "started", "score", "max_score", "exercises",
        ]  # fmt: skip
        assert list(values["isolation"]) == ["level", "parts", "missing", "remedy"]
        assert list(exercise) == [
            "name", "title", "status", "score", "max_score", "services", "message", "seconds", "checks",
        ]  # fmt: skip
        assert list(exercise["checks"][0]) == [
            "id", "title", "stage", "points", "earned", "verdict", "message", "transcript", "hint", "seconds",
            "milestone",
        ]  # fmt: skip

    def test_values_survive(self) -> None:
        """Decoding gives exactly what was put in, whatever a submission wrote."""
        decoded = json.loads(FORMATS["json"](report(ATTACK)))
        assert decoded["exercises"][0]["checks"][0]["message"] == HOSTILE
        assert decoded == as_values(report(ATTACK))


class TestJunit:
    """What build servers count."""

    def test_counts_agree_with_cases(self) -> None:
        """The numbers in the heads are those of the cases below them."""
        root = ElementTree.fromstring(FORMATS["junit"](SAMPLES["scoreboard"]))
        for suite in root:
            cases = suite.findall("testcase")
            assert int(suite.get("tests", "")) == len(cases)
            for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert int(suite.get(count, "")) == sum(case.find(tag) is not None for case in cases)
        assert int(root.get("tests", "")) == 7

    def test_stubs_fail_no_build(self) -> None:
        """An exercise that was not started has neither failures nor errors."""
        root = ElementTree.fromstring(FORMATS["junit"](report(NOT_STARTED)))
        assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("0", "0", "1")

    def test_hostile_text_stays_text(self) -> None:
        """The document parses, and holds the cases that the report has and no other."""
        root = ElementTree.fromstring(FORMATS["junit"](report(ATTACK)))
        assert len(root.findall(".//testcase")) == len(ATTACK.checks)
        failure = root.find(".//failure")
        assert failure is not None
        assert "]]></failure><testcase/>&amp;<!--" in (failure.text or "")


class TestHostileText:
    """Text of a submission, in every format."""

    @pytest.mark.parametrize("ending", WRITERS)
    def test_no_character_acts(self, ending: str) -> None:
        """No control character, no direction mark and no lone surrogate arrives as itself."""
        written = WRITERS[ending](report(ATTACK))
        assert {c for c in written if not c.isprintable()} == {"\n"}
        written.encode("utf-8")

    @pytest.mark.parametrize("ending", WRITERS)
    def test_no_line_is_a_workflow_command(self, ending: str) -> None:
        """GitHub reads a line that starts with :: or holds ##[ as a command; there is none."""
        for line in WRITERS[ending](report(ATTACK)).split("\n"):
            assert not line.lstrip().startswith("::")
            assert "##[" not in line

    def test_no_line_passes_for_the_graders(self) -> None:
        """In the terminal every line of a submission stands behind a bar."""
        for line in to_terminal(report(ATTACK), width=200).split("\n"):
            if "passed" in line or "forged" in line:
                assert line.startswith("  \u2502 ") or "week1/pools" in line[:20], line
        lines = to_terminal(report(ATTACK), width=200).split("\n")
        assert [line for line in lines if line.startswith("\u2713")] == []

    def test_markdown_holds_it_in_code(self) -> None:
        """Outside code blocks, nothing of a submission's text is left: no tag, no @name, no link."""
        written = FORMATS["markdown"](report(ATTACK))
        outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", written, flags=re.MULTILINE | re.DOTALL)
        for piece in ("<img", "@everyone", "[link]", "forged", "</details><"):
            assert piece in written
            assert piece not in outside


class TestTerminal:
    """What a person reads."""

    def test_one_line_per_exercise_with_its_state_in_words(self) -> None:
        """The state is told by a word and a sign, and colour adds nothing."""
        text = to_terminal(SAMPLES["scoreboard"], coloured=True)
        assert Text.from_ansi(text).plain.rstrip() == to_terminal(SAMPLES["scoreboard"]).rstrip()
        for name, word in (("async_fan_out", "not started"), ("pools", "partial"), ("lru_cache", "passed")):
            assert re.search(rf"^  \S \S+/{name} +{word} ", to_terminal(SAMPLES["scoreboard"]), re.MULTILINE)

    def test_plain_is_ascii(self) -> None:
        """Plain output has no symbols and no box drawing."""
        for name in ("scoreboard", "one_exercise", "stubs", "passed"):
            assert to_terminal(SAMPLES[name], ascii_only=True).isascii()

    def test_every_lost_check_of_one_exercise(self) -> None:
        """Of a single exercise all lost checks are told, with message, transcript and hint."""
        text = to_terminal(SAMPLES["one_exercise"])
        for piece in (
            "check number 2",
            "(links, core, 25 points)",
            "expected None, got 2",
            ">>> cache.get('b')",
        ):
            assert piece in text
        assert "Hint of number 2." in text
        assert "check number 3" in text

    def test_first_few_of_several(self) -> None:
        """Of several exercises only the first lost checks are told, and how many there are beside them."""
        text = to_terminal(report(*(replace(PARTIAL, name=f"week1/pools{number}") for number in range(3))))
        assert text.count("Hint:") == 3
        assert "3 more checks were lost" in text

    @pytest.mark.parametrize("ending", ["txt", "md", "html"])
    def test_one_reason_is_told_once(self, ending: str) -> None:
        """Where many checks fail for it, such as code that cannot be imported."""
        failed = replace(PARTIAL.checks[1], message="SyntaxError: line 3\nits traceback", transcript="import pools")
        checks = tuple(replace(failed, check=replace(failed.check, title=f"title {number}")) for number in range(3))
        text = WRITERS[ending](report(replace(PARTIAL, checks=checks)))
        assert [text.count(piece) for piece in ("its traceback", "import pools", failed.check.hint)] == [1, 1, 1]
        assert text.count("SyntaxError: line 3 (as above)") == 2
        assert "title 2" in text

    def test_long_text_is_cut(self) -> None:
        """A flood of lines is cut, and the cut is told."""
        flood = replace(PARTIAL.checks[1], message="line\n" * 5_000, transcript="call\n" * 5_000)
        text = to_terminal(report(replace(PARTIAL, checks=(flood,))))
        assert text.count("\n") < 100
        assert "4981 more lines" in text

    @pytest.mark.parametrize(
        ("sample", "advice"),
        [
            ("stubs", "Next: read exercises/week1/async_fan_out/README.md"),
            ("scoreboard", 'Next: look at week1/pools, "check number 2"'),
            ("passed", "All passed."),
            ("hostile", "is at fault; that costs you no points"),
        ],
    )
    def test_what_to_do_next(self, sample: str, advice: str) -> None:
        """Begun work comes first, then new work, then praise; the grader's own fault before all."""
        assert advice in to_terminal(SAMPLES[sample])
        assert advice not in to_terminal(SAMPLES[sample], advice=False)

    def test_remedy(self) -> None:
        """What is missing is named with the command that mends it."""
        assert "To get it: sudo apt-get install bubblewrap" in to_terminal(SAMPLES["scoreboard"])
        assert "To get it" not in to_terminal(report(PASSED))
