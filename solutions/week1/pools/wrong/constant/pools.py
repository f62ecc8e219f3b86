"""Answers the same whatever is asked."""


class PoolError(Exception):
    item = 0


def run_threads(fn, items, *, workers, limit=None):
    return []


def run_processes(fn, items, *, workers, limit=None):
    return []


def run_auto(fn, items, *, kind, workers, limit=None):
    return []
