"""Exercise title. The statement is README.md."""

from collections.abc import Iterable


def merge(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the fewest intervals that cover exactly what ``intervals`` cover, by rising start.

    Raises:
        ValueError: the start of an interval is greater than its end; the text names the interval.
    """
    raise NotImplementedError
