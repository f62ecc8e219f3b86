"""What must happen within the submission's process: functions for its workers, and a look at its children."""

import os
from pathlib import Path

import workers


def square(number):
    return number * number


def who(_):
    return os.getpid()


def where(items, count):
    return {"own": os.getpid(), "theirs": workers.run(who, items, count)}


def children():
    return len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
