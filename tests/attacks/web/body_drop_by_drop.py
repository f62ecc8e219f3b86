"""Answers with one byte of a body at a time, each before any client would lose its patience."""
# against: toy/board
# expect: test_missing failed/timeout

import asyncio

# === the honest file ===
honest = create_app


def create_app():
    app = honest()

    async def slow(scope, receive, send):
        if scope.get("path") != "/notes/99" or scope["method"] != "GET":
            return await app(scope, receive, send)
        await send({"type": "http.response.start", "status": 404, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.3)

    return slow
