"""Alternative: sweep over all starts and ends, counting how many intervals are open."""


def merge(intervals):
    events = []
    for start, end in intervals:
        if end < start:
            raise ValueError(f"reversed: {(start, end)}")
        events += [(start, 0), (end, 1)]  # at one point, starts come before ends
    merged = []
    opened = 0
    for point, is_end in sorted(events):
        if not is_end:
            if opened == 0:
                first = point
            opened += 1
        else:
            opened -= 1
            if opened == 0:
                merged.append((first, point))
    return merged
