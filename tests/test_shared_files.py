"""Test files that several processes share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grader.suite.tickets import Tickets
from tests.bench.processes import ROOT
from tests.shared_files import MOST_FILES, PIPE

FILES, TESTS, PROCESSES = 6, 3, 2


def test_each_test_is_run_once_and_each_file_by_one_process(tmp_path: Path) -> None:
    for number in range(FILES):
        lines = [f"def test_{each}(): open('{tmp_path}/ran', 'a').write('{number}.{each} ')\n" for each in range(TESTS)]
        (tmp_path / f"test_{number}.py").write_text("".join(lines))
    tickets = Tickets.of(MOST_FILES)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.shared_files",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
    ]
    sharing = {**os.environ, PIPE: str(tickets.pipe), "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(command, cwd=tmp_path, env=sharing, pass_fds=[tickets.pipe], stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    said = [process.communicate()[0] for process in processes]
    tickets.close()
    assert sorted((tmp_path / "ran").read_text().split()) == sorted(
        f"{number}.{each}" for number in range(FILES) for each in range(TESTS)
    ), said
