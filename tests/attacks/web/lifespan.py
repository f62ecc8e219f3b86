"""Refuses to start, and to stop: hangs in its lifespan, raises in it, says that it failed and goes on."""
# against: toy/board
# expect: all timeout/error/failed

import asyncio

# === the honest file ===
def create_app():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "passed"})
            await asyncio.Event().wait()

    return app
