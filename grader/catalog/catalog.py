"""All exercises of a kit, by name, by track and by what a person types."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.catalog import layout
from grader.catalog.checks import read_checks
from grader.catalog.manifest import read_exercise
from grader.errors import ExerciseError, UsageError
from grader.model import Check, Exercise


class Catalog:
    """The exercises in the order in which they are worked through: by day, where the day is a number.

    An exercise whose manifest is wrong does not stop the others: its fault is raised when it is asked for.
    """

    def __init__(self, root: Path, exercises: Iterable[Exercise], faults: dict[str, ExerciseError]) -> None:
        self.root = root
        self.faults = faults
        self._exercises = {exercise.name: exercise for exercise in _in_order(exercises)}

    @classmethod
    def load(cls, root: Path | None = None) -> Catalog:
        """The kit in the checkout at ``root``, or in the one that this grader lies in."""
        root = root or layout.default_root()
        if not layout.exercises(root).is_dir():
            raise UsageError(f"{root} is no kit: it has no folder exercises/")
        exercises, faults = [], {}
        for track in layout.folders(layout.exercises(root)):
            for folder in layout.folders(track):
                try:
                    exercises.append(read_exercise(root, track.name, folder.name))
                except ExerciseError as error:
                    faults[f"{track.name}/{folder.name}"] = error
        return cls(root, exercises, faults)

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self._exercises.values())

    def __len__(self) -> int:
        return len(self._exercises)

    @property
    def tracks(self) -> tuple[str, ...]:
        """The names of the tracks; those that hold nothing but faults come last."""
        return tuple(dict.fromkeys(name.partition("/")[0] for name in (*self._exercises, *self.faults)))

    def get(self, name: str) -> Exercise:
        """The exercise of that name, such as "week2/lru_cache"; just "lru_cache" will do if it is alone."""
        if name in self.faults:
            raise self.faults[name]
        found = [exercise for exercise in self if name in (exercise.name, exercise.module)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{name} is more than one exercise", tuple(exercise.name for exercise in found))
        raise UsageError(f"there is no exercise {name}", self._near(name))

    def track(self, name: str) -> tuple[Exercise, ...]:
        """The exercises of one track; a fault in any of them is raised."""
        for fault in [fault for broken, fault in self.faults.items() if broken.startswith(f"{name}/")]:
            raise fault
        found = tuple(exercise for exercise in self if exercise.track == name)
        if not found:
            raise UsageError(f"there is no track {name}", self._near(name))
        return found

    def select(self, targets: Iterable[str]) -> tuple[Exercise, ...]:
        """What the targets name, in the catalog's order, each once; everything when there are none.

        A target is a track, an exercise, the last part of its name, or a path in exercises/ or solutions/.
        """
        named = [self._named(target) for target in targets] or [self._everything()]
        chosen = {exercise.name for exercises in named for exercise in exercises}
        return tuple(exercise for exercise in self if exercise.name in chosen)

    def checks(self, exercise: Exercise) -> tuple[Check, ...]:
        """The checks of the exercise's suite, in order."""
        return read_checks(layout.suite(exercise))

    def _named(self, target: str) -> tuple[Exercise, ...]:
        name = target.strip("/")
        if name in self.tracks:
            return self.track(name)
        if name in self.faults or any(name in (exercise.name, exercise.module) for exercise in self):
            return (self.get(name),)
        for top in (layout.exercises(self.root).resolve(), layout.solutions(self.root).resolve()):
            path = Path(target).resolve()
            if path.is_relative_to(top):
                match path.relative_to(top).parts:
                    case ():
                        return self._everything()
                    case (track,):
                        return self.track(track)
                    case (track, module, *_):
                        return (self.get(f"{track}/{module}"),)
        raise UsageError(f"there is no track or exercise {target}", self._near(name))

    def _everything(self) -> tuple[Exercise, ...]:
        return tuple(exercise for track in self.tracks for exercise in self.track(track))

    def _near(self, name: str) -> tuple[str, ...]:
        known = {short: exercise.name for exercise in self for short in (exercise.name, exercise.module)}
        known |= {track: track for track in self.tracks}
        near = [known[match] for match in difflib.get_close_matches(name, known, 3)]
        return tuple(dict.fromkeys(near))


def _in_order(exercises: Iterable[Exercise]) -> list[Exercise]:
    """Tracks by their first day, exercises by day; what has no number comes last, by name."""
    exercises = list(exercises)
    first = {track: min(_day(e) for e in exercises if e.track == track) for track in {e.track for e in exercises}}
    return sorted(exercises, key=lambda e: (first[e.track], e.track, _day(e), e.name))


def _day(exercise: Exercise) -> tuple[float, str]:
    number = re.match(r"\d+", exercise.day)
    return (float(number[0]) if number else float("inf"), exercise.day)
