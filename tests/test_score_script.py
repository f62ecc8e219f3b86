"""The shell part of scoring a pull request, end to end, and what the workflow around it says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.catalog import layout

ROOT = layout.default_root()
SOLUTION = ROOT / "solutions/week2/lru_cache"

Score = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def score(tmp_path: Path) -> Score:
    """Runs the script from the folder of the work, with these settings."""
    (tmp_path / "work").mkdir()

    def run(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        environment: Mapping[str, str] = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHON": sys.executable,
            "OUT": "out",
            "REQUIRE": "bare",
            "SECRET_TOKEN": "do-not-tell",
            **settings,
        }
        command = [ROOT / ".ci/score", *words]
        return subprocess.run(command, cwd=tmp_path / "work", env=environment, capture_output=True, text=True)

    return run


def hand_in(folder: Path, source: Path) -> None:
    """Work that is laid out like exercises/."""
    place = folder / "exercises/week2/lru_cache"
    place.mkdir(parents=True)
    shutil.copy(source / "lru_cache.py", place)


@pytest.mark.skipif(sys.platform != "linux", reason="cells need Linux")
class TestScore:
    """What a course runs."""

    def test_right_work(self, score: Score, tmp_path: Path) -> None:
        """Reports as artifacts, the summary, a fresh seed that is printed; nothing of the work's tree has a say."""
        work = tmp_path / "work"
        hand_in(work, SOLUTION)
        for trap in ("json.py", "rich.py", "sitecustomize.py", "conftest.py", "grader/__init__.py", "noxfile.py"):
            (work / trap).parent.mkdir(exist_ok=True)
            (work / trap).write_text("raise SystemExit('imported')\n")
        summary = tmp_path / "summary.md"
        ended = score(".", "week2/lru_cache", GITHUB_STEP_SUMMARY=str(summary), MIN_SCORE="100")
        assert (ended.returncode, ended.stderr) == (0, "")
        report = json.loads((work / "out/report.json").read_text())
        assert report["score"] == 100
        assert f"Seed {report['seed']}" in ended.stdout
        assert ET.parse(work / "out/report.xml").getroot().tag == "testsuites"
        assert summary.read_text() == (work / "out/report.md").read_text()
        again = score(".", "week2/lru_cache")
        assert json.loads((work / "out/report.json").read_text())["seed"] != report["seed"]
        assert again.returncode == 0

    def test_poor_work(self, score: Score, tmp_path: Path) -> None:
        """Below the score asked for, the status is 1, and the reports are there all the same."""
        hand_in(tmp_path / "work", SOLUTION / "wrong/same_answer_always")
        ended = score(".", "week2/lru_cache", MIN_SCORE="50", SEED="7")
        assert ended.returncode == 1
        assert json.loads((tmp_path / "work/out/report.json").read_text())["seed"] == 7

    def test_archive(self, score: Score, tmp_path: Path) -> None:
        """An archive is scored like a folder."""
        hand_in(tmp_path / "work", SOLUTION)
        archive = shutil.make_archive(str(tmp_path / "handed_in"), "gztar", tmp_path / "work")
        assert score(archive, "week2/lru_cache", MIN_SCORE="100").returncode == 0

    def test_secrets(self, score: Score, tmp_path: Path) -> None:
        """What the caller's environment holds reaches neither the work nor the reports."""
        place = tmp_path / "work/lru_cache.py"
        place.write_text("import os\nraise ValueError(dict(os.environ))\n")
        ended = score(".", "week2/lru_cache")
        assert ended.returncode == 0
        assert "ValueError" in ended.stdout
        assert "do-not-tell" not in ended.stdout + (tmp_path / "work/out/report.json").read_text()

    def test_wrong_usage(self, score: Score) -> None:
        """Nothing to score, and a target that is not there."""
        assert score().returncode == 2
        ended = score(".", "week2/lru_cash")
        assert (ended.returncode, "did you mean week2/lru_cache" in ended.stderr) == (2, True)


def test_workflow() -> None:
    """The workflow is the base branch's, its token only reads, and no secret is named."""
    text = (ROOT / ".github/workflows/score.yml").read_text()
    assert "pull_request_target:" in text
    assert "permissions:\n  contents: read\n" in text
    assert "secrets." not in text
    assert text.count("persist-credentials: false") == text.count("actions/checkout") == 2
    assert "run: kit/.ci/score work $ONSPOT_SCORE" in text
