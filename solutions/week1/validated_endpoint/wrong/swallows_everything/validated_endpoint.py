"""An orders API that is happy with everything."""

import uuid
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def create_app(*, new_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> Starlette:
    async def answer(request: Request) -> JSONResponse:
        try:
            body: Any = await request.json()
            return JSONResponse({"id": new_id(), "status": "new", "note": None, **body}, 200)
        except Exception:
            return JSONResponse({"error": {"code": "invalid_request", "message": "no", "fields": []}}, 422)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])])
