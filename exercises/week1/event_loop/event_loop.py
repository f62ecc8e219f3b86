"""A cooperative scheduler for coroutines, on one thread and without asyncio. The contract is in README.md."""

import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class CancelledError(BaseException):
    """Raised in a cancelled task, at the `await` where it waits."""


class Task(Generic[T]):
    """A coroutine that a loop runs, and the result or exception it will end with. Made by `Loop.create_task`."""

    def done(self) -> bool:
        """Whether the coroutine has ended, in whatever way."""
        raise NotImplementedError

    def cancelled(self) -> bool:
        """Whether it has ended by a CancelledError."""
        raise NotImplementedError

    def result(self) -> T:
        """What it returned; raises what it raised. RuntimeError: it has not ended yet."""
        raise NotImplementedError

    def cancel(self) -> bool:
        """Have CancelledError raised where the task waits. False: it has ended already."""
        raise NotImplementedError

    def __await__(self) -> Generator[Any, Any, T]:
        """Wait for the end, then as `result()`."""
        raise NotImplementedError


class Event:
    """A flag that tasks wait for. Made by `Loop.event`; not set at first."""

    def is_set(self) -> bool:
        raise NotImplementedError

    def set(self) -> None:
        """Set the flag; every task that waits for it goes on."""
        raise NotImplementedError

    def clear(self) -> None:
        """Reset the flag. Tasks for which `set` was called go on all the same."""
        raise NotImplementedError

    async def wait(self) -> None:
        """Return once the flag is set."""
        raise NotImplementedError


class Loop:
    """Gives each ready task its turn, in the order in which they got ready, and idles while none is."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, idle: Callable[[float], object] = time.sleep
    ) -> None:
        """`clock()` is the time in seconds. `idle(seconds)` blocks for about so long."""
        raise NotImplementedError

    def create_task(self, coro: Coroutine[Any, Any, T]) -> Task[T]:
        """Put a coroutine at the end of the queue. It does not run yet. TypeError: no coroutine object."""
        raise NotImplementedError

    def run_until_complete(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run the loop until this coroutine has ended; return or raise what it returned or raised.

        RuntimeError: the loop runs already, or no task can ever go on. TypeError: no coroutine object.
        """
        raise NotImplementedError

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait so many seconds; 0 or less: let the others have one turn. ValueError: NaN."""
        raise NotImplementedError

    def gather(self, *children: Task[Any] | Coroutine[Any, Any, Any]) -> Awaitable[list[Any]]:
        """Run all at once; their results in the order of the arguments, or the first failure as it happens."""
        raise NotImplementedError

    def event(self) -> Event:
        """A new event of this loop."""
        raise NotImplementedError
