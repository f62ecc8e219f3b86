"""Lies beside the work as driver.py: what must happen in the process is played by the submission."""
# against: toy/workers
# beside: driver.py
# expect: test_elsewhere failed/not_graded


def square(number):
    return number * number


def where(items, count):
    return {"own": 1, "theirs": [2, 3, 2]}


def children():
    return 0
