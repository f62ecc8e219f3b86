"""A plain loop in the caller: right answers, no pool at all."""

import pickle
from itertools import islice


class PoolError(Exception):
    def __init__(self, item):
        super().__init__(f"failed for item {item!r}")
        self.item = item


def run_threads(fn, items, *, workers, limit=None):
    if workers < 1 or (limit or 0) < 0:
        raise ValueError("workers is at least 1, limit at least 0")
    results = []
    for item in islice(items, limit):
        try:
            results.append(fn(item))
        except Exception as error:
            raise PoolError(item) from error
    return results


def run_processes(fn, items, *, workers, limit=None):
    try:
        pickle.dumps(fn)
    except Exception as error:
        raise TypeError(f"{fn.__qualname__} cannot be pickled") from error
    return run_threads(fn, items, workers=workers, limit=limit)


def run_auto(fn, items, *, kind, workers, limit=None):
    if kind not in ("io", "cpu"):
        raise ValueError(f"unknown kind {kind!r}")
    return run_threads(fn, items, workers=workers, limit=limit)
