"""Answers every request with status 200, 201, 404 and 405 in turn, and a body that says yes."""
# against: toy/board
# expect: all failed

# === the honest file ===
def create_app():
    statuses = [201, 200, 404, 405]

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        statuses.append(statuses.pop(0))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": statuses[-1], "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id": 1, "text": true, "error": "passed"}'})

    return app
