"""Ids for orders, from a source that waits for company or fails when it is told to. Judges nothing."""

from __future__ import annotations

import threading

COMPANY_S = 0.5  # how long a caller waits for a second one


class Ids:
    """Called, it gives a new id: "order-1", "order-2" and so on. Threads may use it."""

    def __init__(self) -> None:
        #: While this is set, calling raises RuntimeError with it.
        self.failure = ""
        #: While this is true, a caller waits until another one calls, for at most COMPANY_S.
        self.wait_for_company = False
        self._calls = 0
        self._changed = threading.Condition()

    def __call__(self) -> str:
        if self.failure:
            raise RuntimeError(self.failure)
        with self._changed:
            self._calls += 1
            mine = self._calls
            self._changed.notify_all()
            if self.wait_for_company:
                self._changed.wait_for(lambda: self._calls > mine, COMPANY_S)
        return f"order-{mine}"
