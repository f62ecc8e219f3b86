"""Finding what a learner hands in, in trees that are not trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.catalog import (
    Catalog,
    find_submission,
    last_worked_on,
    read_submission,
    submission,
    was_handed_in,
)
from grader.errors import UsageError
from grader.model import Exercise


@pytest.fixture
def exercise(small_catalog: Catalog) -> Exercise:
    """week1/first of the small kit."""
    return small_catalog.get("week1/first")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder that was handed in."""
    folder = tmp_path / "handed_in"
    folder.mkdir()
    return folder


def write(path: Path, content: str = "x = 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


class TestPlaces:
    """Where a submission may lie."""

    def test_own_work(self, exercise: Exercise) -> None:
        """Without a source, the learner's work in exercises/ is graded."""
        write(exercise.folder / "first.py", "mine = 1\n")
        assert find_submission(exercise).files == {"first.py": b"mine = 1\n"}

    @pytest.mark.parametrize("place", ["exercises/week1/first", "week1/first", "."])
    def test_trees_and_folders(self, exercise: Exercise, tree: Path, place: str) -> None:
        """A tree laid out like exercises/, with or without that folder, or the exercise's files alone."""
        write(tree / place / "first.py")
        assert find_submission(exercise, tree).files == {"first.py": b"x = 1\n"}
        assert was_handed_in(exercise, tree)

    def test_single_file_of_any_name(self, exercise: Exercise, tree: Path) -> None:
        """One file is the exercise's module, whatever it is called."""
        assert find_submission(exercise, write(tree / "final_v2.py")).files == {"first.py": b"x = 1\n"}

    def test_package(self, exercise: Exercise, tree: Path) -> None:
        """A package is taken with all its ordinary files, without caches and hidden files."""
        for name in ("__init__.py", "deep/query.sql", "__pycache__/x.pyc", ".git/config"):
            write(tree / "first" / name)
        assert list(find_submission(exercise, tree).files) == ["first/__init__.py", "first/deep/query.sql"]

    def test_package_comes_before_file(self, exercise: Exercise, tree: Path) -> None:
        """With both there, the package is taken, as Python would."""
        write(tree / "first.py")
        write(tree / "first/__init__.py")
        assert list(find_submission(exercise, tree).files) == ["first/__init__.py"]

    def test_nothing_handed_in(self, exercise: Exercise, tree: Path) -> None:
        """A tree without the exercise is the learner's problem, and said so."""
        write(tree / "week1/second/second.py")
        assert find_submission(exercise, tree).problem == f"there is no first.py in {tree}"
        assert not was_handed_in(exercise, tree)

    def test_source_that_is_not_there(self, exercise: Exercise, tree: Path) -> None:
        """A source that does not exist is wrong usage."""
        with pytest.raises(UsageError, match="no file or folder"):
            find_submission(exercise, tree / "nowhere")


class TestTrust:
    """What a tree holds besides the module has no effect, and what it holds cannot mislead."""

    def test_everything_else_is_left_behind(self, exercise: Exercise, tree: Path) -> None:
        """Files that Python or pytest would load by themselves are not taken."""
        write(tree / "week1/first/first.py")
        for name in (
            "conftest.py",
            "pytest.ini",
            "json.py",
            "sitecustomize.py",
            "driver.py",
            "suite.py",
            "x.pth",
        ):
            write(tree / "week1/first" / name)
            write(tree / name)
        assert list(find_submission(exercise, tree).files) == ["first.py"]

    @pytest.mark.parametrize("link", ["exercises", "exercises/week1", "exercises/week1/first"])
    def test_links_to_folders_are_refused(self, small_kit: Path, exercise: Exercise, tree: Path, link: str) -> None:
        """A link cannot pass the grader's own solution off as a submission."""
        (tree / link).parent.mkdir(parents=True, exist_ok=True)
        (tree / link).symlink_to(small_kit / link.replace("exercises", "solutions"))
        found = find_submission(exercise, tree)
        assert found.files == {}
        assert found.problem == f"{tree / link} is a link; hand in what it leads to"
        assert was_handed_in(exercise, tree)

    def test_links_to_files_are_refused(self, exercise: Exercise, tree: Path) -> None:
        """A module that is a link is refused; a link inside a package is left out."""
        (tree / "first.py").symlink_to(exercise.hidden / "first.py")
        assert "is a link" in find_submission(exercise, tree).problem
        (tree / "first.py").unlink()
        write(tree / "first/__init__.py")
        (tree / "first/core.py").symlink_to(exercise.hidden / "first.py")
        (tree / "first/more").symlink_to(exercise.hidden)
        assert list(find_submission(exercise, tree).files) == ["first/__init__.py"]

    def test_device_or_pipe_does_not_block(self, exercise: Exercise, tree: Path) -> None:
        """A named pipe in the module's place is refused at once."""
        os.mkfifo(tree / "first.py")
        assert find_submission(exercise, tree).problem == f"{tree / 'first.py'} is not an ordinary file"

    def test_too_large(self, exercise: Exercise, tree: Path) -> None:
        """More than 1 MiB is refused, in one file or in many, without being read whole."""
        (tree / "first.py").touch()
        os.truncate(tree / "first.py", 10 * 2**30)
        assert "too large" in find_submission(exercise, tree).problem
        write(tree / "first/__init__.py", "#" * 600_000)
        write(tree / "first/more.py", "#" * 600_000)
        assert "too large" in find_submission(exercise, tree).problem

    def test_too_many_files(self, exercise: Exercise, tree: Path) -> None:
        """More than 200 files are refused, in one folder or in many."""
        write(tree / "first/__init__.py")
        for number in range(110):
            write(tree / f"first/a/{number}.py")
            write(tree / f"first/b/{number}.py")
        assert find_submission(exercise, tree).problem == f"{tree / 'first'} holds more than 200 files"
        for number in range(110, 220):
            write(tree / f"first/a/{number}.py")
        assert find_submission(exercise, tree).problem == f"{tree / 'first/a'} holds more than 200 files"

    def test_too_deep(self, exercise: Exercise, tree: Path) -> None:
        """Endless nesting is refused."""
        write(tree / "first/__init__.py")
        write(tree.joinpath("first", *["deeper"] * submission.MAX_DEPTH, "x.py"))
        assert "folders deep" in find_submission(exercise, tree).problem

    def test_name_that_cannot_be_printed(self, exercise: Exercise, tree: Path) -> None:
        """A name with a terminal escape is refused and not repeated."""
        write(tree / "first/__init__.py")
        write(tree / "first/\x1b[31m.py")
        assert find_submission(exercise, tree).problem.endswith("a file whose name cannot be printed")

    @pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
    def test_unreadable(self, exercise: Exercise, tree: Path) -> None:
        """A file that cannot be read is a problem of the submission, told in plain words."""
        write(tree / "first.py").chmod(0)
        assert "cannot be read: Permission denied" in find_submission(exercise, tree).problem


class TestStub:
    """Whether anything has been written yet."""

    def test_new_exercise_is_a_stub(self, exercise: Exercise) -> None:
        """What was handed out is recognised."""
        assert find_submission(exercise).is_stub

    def test_space_at_line_ends_does_not_matter(self, exercise: Exercise) -> None:
        """Other line ends, trailing space and trailing lines are no work."""
        path = exercise.folder / "first.py"
        path.write_bytes(path.read_bytes().replace(b"\n", b"  \r\n") + b"\n\n")
        assert find_submission(exercise).is_stub

    def test_any_other_change_is_work(self, exercise: Exercise) -> None:
        """One comment makes it a submission."""
        path = exercise.folder / "first.py"
        path.write_text(path.read_text() + "# hello\n")
        assert not find_submission(exercise).is_stub

    def test_references_are_no_stubs(self, exercise: Exercise) -> None:
        """A folder of solutions/ is read like any other."""
        assert not read_submission(exercise, exercise.hidden).is_stub
        assert list(read_submission(exercise, exercise.hidden).files) == ["first.py"]

    def test_last_worked_on(self, small_catalog: Catalog) -> None:
        """The newest work counts; stubs do not, however new."""
        assert last_worked_on(small_catalog) is None
        for name, changed in (("week1/second", 2_000), ("week2/third", 1_000)):
            exercise = small_catalog.get(name)
            path = write(exercise.folder / f"{exercise.module}.py")
            os.utime(path, (changed, changed))
        latest = last_worked_on(small_catalog)
        assert latest is not None
        assert latest.name == "week1/second"
