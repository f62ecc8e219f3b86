def merge(intervals):
    intervals = list(intervals)
    for start, end in intervals:
        if start > end:
            raise ValueError(f"{(start, end)} is reversed")
    if not intervals:
        return []
    return [(min(start for start, _ in intervals), max(end for _, end in intervals))]
