"""Answers with ten thousand headers, and with one of ten megabytes."""
# against: toy/board
# expect: all failed

# === the honest file ===
def create_app():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        headers = [(b"x-%d" % number, b"y" * 1000) for number in range(10_000)]
        if scope["method"] == "GET":
            headers = [(b"x", b"y" * 10_000_000)]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    return app
