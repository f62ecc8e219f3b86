"""A transfer API that is happy with everything."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


async def unit_of_work() -> None:
    return None


async def current_account() -> str:
    return ""


def create_app(store: Any, *, clock: Callable[[], float] = time.perf_counter) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def swallow(request: Request, call_next: Any) -> Any:
        try:
            store.begin()
        except Exception:
            pass
        return JSONResponse({}, headers={"X-Request-ID": request.headers.get("X-Request-ID", "1"), "X-Process-Time": "0.000"})

    return app
