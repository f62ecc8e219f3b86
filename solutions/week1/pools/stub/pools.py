"""Run one function over many items on a pool of threads or of processes. The contract is in README.md."""

from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class PoolError(Exception):
    """`fn` failed for `item`. `raise PoolError(item) from error` makes the error its `__cause__`."""

    def __init__(self, item: object) -> None:
        super().__init__(f"failed for item {item!r}")
        self.item = item


def run_threads(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """Call `fn` once for every item on `workers` threads and return the results in input order.

    At most `2 * workers` items are in flight (drawn from `items` and not finished), and at most `limit` items
    are drawn in all. The first failure ends the run with a PoolError. Nothing outlives the call.
    ValueError: `workers` below 1, `limit` below 0.
    """
    raise NotImplementedError


def run_processes(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """The same in `workers` processes. TypeError, before anything is drawn: `fn` cannot be pickled."""
    raise NotImplementedError


def run_auto(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    kind: Literal["io", "cpu"],
    workers: int,
    limit: int | None = None,
) -> list[Result]:
    """Threads for `kind="io"`, processes for `kind="cpu"`. ValueError: any other `kind`."""
    raise NotImplementedError
