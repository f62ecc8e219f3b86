"""The catalog: what is read from the kit, in which order, and what is said about mistakes in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.catalog import Catalog, read_wrong_solutions
from grader.errors import ExerciseError, UsageError
from grader.model import Exercise, Verdict

Edit = Callable[[str, str], None]


@pytest.fixture
def manifest(small_kit: Path) -> Path:
    """The manifest of week1/first."""
    return small_kit / "exercises/week1/first/exercise.toml"


def fault_of(kit: Path) -> str:
    """What the catalog says about the kit's only fault."""
    (fault,) = Catalog.load(kit).faults.values()
    return str(fault)


def names(exercises: tuple[Exercise, ...]) -> list[str]:
    return [exercise.name for exercise in exercises]


class TestOrder:
    """The order in which exercises are worked through."""

    def test_exercises_come_by_day_where_the_day_is_a_number(self, small_kit: Path) -> None:
        """Day 2 comes before day 10, and a track stands where its first day does."""
        for name, day in (("week1/first", "10"), ("week1/second", "2"), ("week2/third", "1")):
            path = small_kit / "exercises" / name / "exercise.toml"
            path.write_text(path.read_text().replace('day = "1"', f'day = "{day}"'))
        assert [e.name for e in Catalog.load(small_kit)] == ["week2/third", "week1/second", "week1/first"]

    def test_days_that_are_no_numbers_come_last(self, small_kit: Path) -> None:
        """A project of "phase 6" stands behind the weeks."""
        path = small_kit / "exercises/week1/first/exercise.toml"
        path.write_text(path.read_text().replace('day = "1"', 'day = "phase 6"'))
        assert [e.name for e in Catalog.load(small_kit)] == ["week1/second", "week1/first", "week2/third"]

    def test_tracks_are_named_once(self, small_catalog: Catalog) -> None:
        """Tracks come in the order of their exercises."""
        assert small_catalog.tracks == ("week1", "week2")


class TestGet:
    """One exercise by its name."""

    def test_full_and_short_names(self, small_catalog: Catalog) -> None:
        """The last part of a name will do where only one exercise has it."""
        assert small_catalog.get("week2/third").name == "week2/third"
        assert small_catalog.get("third").name == "week2/third"

    def test_unknown_name_suggests_near_ones(self, small_catalog: Catalog) -> None:
        """A slip of the pen is answered with what may have been meant."""
        with pytest.raises(UsageError, match="no exercise week1/frist; did you mean week1/first") as caught:
            small_catalog.get("week1/frist")
        assert "week1/first" in caught.value.near

    def test_short_name_of_two_exercises(self, small_kit: Path) -> None:
        """A short name that two exercises have is refused, with both full names."""
        from grader.new import create

        create(small_kit, "week2/first")
        with pytest.raises(UsageError, match="more than one exercise; did you mean week1/first or week2/first"):
            Catalog.load(small_kit).get("first")


class TestSelect:
    """What a person types on the command line."""

    def test_no_target_is_everything(self, small_catalog: Catalog) -> None:
        """Without targets all exercises are meant."""
        assert names(small_catalog.select([])) == ["week1/first", "week1/second", "week2/third"]

    def test_tracks_and_exercises_mix_without_repetition(self, small_catalog: Catalog) -> None:
        """Each exercise is chosen once, in the catalog's order."""
        chosen = small_catalog.select(["third", "week1", "week1/first"])
        assert names(chosen) == ["week1/first", "week1/second", "week2/third"]

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("exercises/week1/second/second.py", ["week1/second"]),
            ("exercises/week1/second/", ["week1/second"]),
            ("solutions/week2/third/wrong", ["week2/third"]),
            ("exercises/week1", ["week1/first", "week1/second"]),
            ("exercises", ["week1/first", "week1/second", "week2/third"]),
        ],
    )
    def test_paths_below_the_kit(
        self, small_kit: Path, monkeypatch: pytest.MonkeyPatch, path: str, expected: list[str]
    ) -> None:
        """A path in exercises/ or solutions/, as a shell completes it, names what lies there."""
        monkeypatch.chdir(small_kit)
        assert names(Catalog.load(small_kit).select([path])) == expected

    def test_current_folder_inside_an_exercise(self, small_kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In the folder of an exercise, `.` is that exercise."""
        monkeypatch.chdir(small_kit / "exercises/week2/third")
        assert names(Catalog.load(small_kit).select(["."])) == ["week2/third"]

    @pytest.mark.parametrize(
        ("target", "near"), [("wek1", "week1"), ("thrid", "week2/third"), ("week2/thirt", "week2/third")]
    )
    def test_unknown_target_suggests_near_names(self, small_catalog: Catalog, target: str, near: str) -> None:
        """Tracks, names and short names are all suggested."""
        with pytest.raises(UsageError, match=f"no track or exercise {target}; did you mean .*{near}"):
            small_catalog.select([target])

    def test_no_kit(self, tmp_path: Path) -> None:
        """A folder without exercises/ is wrong usage, not an empty kit."""
        with pytest.raises(UsageError, match="no folder exercises/"):
            Catalog.load(tmp_path)


class TestManifest:
    """exercise.toml."""

    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            ('title = "First"', 'tital = "First"', "title is missing; did you mean tital"),
            ("services = []", "servces = []", "servces is an unknown key; did you mean services"),
            ("minutes = 20", 'minutes = "20"', "minutes is '20'; write, for example: minutes = 30"),
            ("minutes = 20", "minutes = true", "minutes is True"),
            ("minutes = 20", "minutes = 0", "minutes is 0"),
            (
                'difficulty = "easy"',
                'difficulty = "hazy"',
                "difficulty is 'hazy'; write one of easy, medium, hard",
            ),
            ("format = 1", "format = 2", "format is 2; this grader reads format 1"),
            ('topics = ["intervals"]', "topics = [1]", "topics is [1]; write, for example: topics ="),
            ("# [cell]", "[cell]\npreloads = []", "cell.preloads is an unknown key; did you mean preload"),
            ("# [limits]", "[limits]\ncheck_s = -1", "limits.check_s is -1"),
            ("format = 1", "format", "is not valid TOML"),
        ],
    )
    def test_mistakes_are_named_with_their_mend(
        self, small_kit: Path, manifest: Path, before: str, after: str, message: str
    ) -> None:
        """Each message names the file, the key and what to write instead."""
        text = manifest.read_text()
        assert before in text
        manifest.write_text(text.replace(before, after))
        assert fault_of(small_kit).startswith(f"{manifest}: ")
        assert message in fault_of(small_kit)

    def test_missing_manifest(self, small_kit: Path, manifest: Path) -> None:
        """A folder without a manifest is not silently skipped."""
        manifest.unlink()
        assert "exercise.toml: is missing; every exercise has one" in fault_of(small_kit)

    @pytest.mark.parametrize("name", ["Upper", "two-words", "json", "class", "suite"])
    def test_illegal_names(self, small_kit: Path, name: str) -> None:
        """An exercise's name is a module's name that nothing else has."""
        (small_kit / "exercises/week1" / name).mkdir()
        assert "rename the folder" in fault_of(small_kit)

    def test_a_fault_does_not_stop_the_others(self, small_kit: Path, manifest: Path) -> None:
        """The broken exercise and its track raise the fault when they are asked for; the others work."""
        manifest.write_text("")
        catalog = Catalog.load(small_kit)
        assert names(catalog.select(["week2", "week1/second"])) == ["week1/second", "week2/third"]
        for target in ("week1/first", "week1", "exercises"):
            with pytest.raises(ExerciseError if target != "exercises" else UsageError):
                catalog.select([target])
        with pytest.raises(ExerciseError):
            catalog.select([])

    def test_values(self, small_kit: Path, manifest: Path) -> None:
        """What the manifest says arrives; what it leaves out has a default."""
        text = manifest.read_text().replace("# [limits]", "[limits]\ncheck_s = 60")
        manifest.write_text(text.replace("# [cell]", '[cell]\npreload = ["httpx"]\nprocesses = true'))
        exercise = Catalog.load(small_kit).get("week1/first")
        assert (exercise.track, exercise.module, exercise.title) == ("week1", "first", "First")
        assert (exercise.limits.check_s, exercise.limits.call_s, exercise.limits.memory_mb) == (
            60.0,
            5.0,
            512,
        )
        assert (exercise.cell.preload, exercise.cell.processes, exercise.cell.writable) == (
            ("httpx",),
            True,
            False,
        )
        assert exercise.hidden == small_kit / "solutions/week1/first"


class TestWrongTable:
    """wrong.toml."""

    @pytest.fixture
    def table(self, small_kit: Path) -> Path:
        """The table of week1/first."""
        return small_kit / "solutions/week1/first/wrong.toml"

    def test_values(self, small_catalog: Catalog) -> None:
        """Every mistake has its reason, its checks and its folder, in the order of the file."""
        wrong = read_wrong_solutions(small_catalog.get("week1/first"))
        assert wrong[0].name == "forgets_to_sort"
        assert wrong[0].fails == ("test_gaps_stay", "test_covers_the_same", "test_argument_is_left_alone")
        assert wrong[0].may_fail == ("test_any_iterable",)
        assert wrong[0].verdict is None
        assert (wrong[0].folder / "first.py").is_file()

    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            (
                "[sorts_in_place]",
                "[sort_in_place]",
                "wrong/sorts_in_place has no table; add [sorts_in_place]",
            ),
            (
                "[sorts_in_place]",
                "[twice]\nwhy='x'\nfails=['y']\n[sorts_in_place]",
                "[twice] has no folder in wrong/",
            ),
            ('why = "sorts the', 'wy = "sorts the', "sorts_in_place.why is missing; did you mean wy"),
            (
                'fails = ["test_contained_interval_vanishes"]',
                "fails = []",
                "takes_the_last_end.fails is empty",
            ),
            (
                "[sorts_in_place]",
                '[sorts_in_place]\nverdict = "slow"',
                "sorts_in_place.verdict is 'slow'; write one of",
            ),
        ],
    )
    def test_mistakes_are_named_with_their_mend(
        self, small_catalog: Catalog, table: Path, before: str, after: str, message: str
    ) -> None:
        """Each message names the file, the table, the key and what to write instead."""
        text = table.read_text()
        assert before in text
        table.write_text(text.replace(before, after))
        with pytest.raises(ExerciseError) as caught:
            read_wrong_solutions(small_catalog.get("week1/first"))
        assert message in str(caught.value)
        assert caught.value.path == table

    def test_verdict(self, small_catalog: Catalog, table: Path) -> None:
        """A table may say how its checks must end."""
        table.write_text(table.read_text().replace("[sorts_in_place]", '[sorts_in_place]\nverdict = "timeout"'))
        wrong = {mistake.name: mistake for mistake in read_wrong_solutions(small_catalog.get("week1/first"))}
        assert wrong["sorts_in_place"].verdict is Verdict.TIMEOUT
