"""Timed drills: which exercises are drawn, and the folder in which they are worked on.

The same seed draws the same set from the same exercises, so that a group can compare, unless a learner's own weak
topics are asked for. A drill has a folder of its own with fresh stubs: the work in ``exercises/`` stays as it is.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from grader.catalog import layout, read_submission
from grader.errors import UsageError
from grader.history import TopicScore
from grader.model import MAX_SCORE, Exercise
from grader.reset import write_files

_PULL = 4.0  # how many times as likely an exercise of nothing but lost topics is drawn, less one


def draw(
    exercises: Iterable[Exercise], *, seed: int, minutes: int, weak: Sequence[TopicScore] = ()
) -> tuple[Exercise, ...]:
    """Exercises that together take at most ``minutes``, in their order; those of ``weak`` topics are more likely.

    Drawn without replacement by keys u^(1/weight): Efraimidis and Spirakis, Information Processing Letters 97 (2006).

    Raises:
        UsageError: not even one exercise is short enough.
    """
    given = tuple(exercises)
    listed = sorted(given, key=lambda exercise: exercise.name)
    lost = {topic.topic: 1 - topic.score / MAX_SCORE for topic in weak}
    rng = random.Random(seed)
    keys = {exercise.name: rng.random() ** (1 / _weight(exercise, lost)) for exercise in listed}
    chosen: set[str] = set()
    left = minutes
    for exercise in sorted(listed, key=lambda exercise: keys[exercise.name], reverse=True):
        if exercise.minutes <= left:
            chosen.add(exercise.name)
            left -= exercise.minutes
    if not chosen:
        shortest = min((exercise.minutes for exercise in listed), default=0)
        what = f"the shortest of these exercises takes {shortest} minutes" if listed else "there is no such exercise"
        raise UsageError(f"nothing fits into {minutes} minutes: {what}")
    return tuple(exercise for exercise in given if exercise.name in chosen)


def _weight(exercise: Exercise, lost: dict[str, float]) -> float:
    known = [lost[topic] for topic in exercise.topics if topic in lost]
    return 1 + _PULL * (sum(known) / len(known) if known else 0)


def lay_out(root: Path, exercises: Iterable[Exercise], folder: Path) -> None:
    """Writes statements, stubs and visible tests below ``folder``; hints stay where they are."""
    for exercise in in_folder(exercises, folder):
        exercise.folder.mkdir(parents=True)
        write_files(exercise.folder, read_submission(exercise, layout.stub(exercise)).files)
        (kept,) = in_folder([exercise], layout.exercises(root))
        for path in (layout.statement(kept), layout.visible_tests(kept)):
            if path.is_file():
                shutil.copy(path, exercise.folder)
    settings = layout.pytest_settings(layout.exercises(root))
    if settings.is_file():
        shutil.copy(settings, folder)


def in_folder(exercises: Iterable[Exercise], folder: Path) -> tuple[Exercise, ...]:
    """The exercises with the work below ``folder`` in place of the learner's own."""
    return tuple(replace(exercise, folder=folder / exercise.track / exercise.module) for exercise in exercises)


def last_change(exercises: Iterable[Exercise]) -> float:
    """When a file of any submission was changed last, in seconds since the epoch; 0 without any."""
    times = (
        (exercise.folder / name).stat().st_mtime
        for exercise in exercises
        for name in read_submission(exercise, exercise.folder).files
    )
    return max(times, default=0.0)
