"""Alternative: fold the sorted intervals into the result."""

from functools import reduce


def merge(intervals):
    intervals = tuple(intervals)
    for interval in intervals:
        if interval[0] > interval[1]:
            raise ValueError(f"not an interval: {interval}")
    return reduce(join, sorted(intervals), [])


def join(merged, interval):
    if not merged or merged[-1][1] < interval[0]:
        merged.append(interval)
    elif merged[-1][1] < interval[1]:
        merged[-1] = (merged[-1][0], interval[1])
    return merged
