"""Answers with a body without end, as fast as it can."""
# against: toy/board
# expect: all failed

# === the honest file ===
def create_app():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        await send({"type": "http.response.start", "status": 201, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b" " * 65536, "more_body": True})

    return app
