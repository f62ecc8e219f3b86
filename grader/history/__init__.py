"""What a learner has done: attempts, scores, opened hints and drills, in one SQLite file outside git."""

from grader.history.history import History, digest
from grader.history.record import Record, read_record
from grader.history.standing import (
    Standing,
    TopicScore,
    by_track,
    hint_due,
    hint_lock,
    mean_of_best,
    stand,
    suggest,
    topic_scores,
)
from grader.history.values import SOLUTION, Attempt, Drill, Opened

__all__ = [
    "SOLUTION",
    "Attempt",
    "Drill",
    "History",
    "Opened",
    "Record",
    "Standing",
    "TopicScore",
    "by_track",
    "digest",
    "hint_due",
    "hint_lock",
    "mean_of_best",
    "read_record",
    "stand",
    "suggest",
    "topic_scores",
]
