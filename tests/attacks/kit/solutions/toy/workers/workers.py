"""Reference: a pool of processes."""

from concurrent.futures import ProcessPoolExecutor


def run(fn, items, workers):
    if workers < 1:
        raise ValueError("workers must be at least 1")
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(fn, items))
