"""Accepts a request and never answers it."""
# against: toy/board
# expect: test_missing failed/timeout

import asyncio

# === the honest file ===
honest = create_app


def create_app():
    app = honest()

    async def silent(scope, receive, send):
        if scope.get("path") == "/notes/99":
            await asyncio.Event().wait()
        await app(scope, receive, send)

    return silent
