"""Writes a second response, of another status, behind and within the headers of the first."""
# against: toy/board

SECOND = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
# === the honest file ===
honest = create_app


def create_app():
    app = honest()

    async def splitting(scope, receive, send):
        async def send_twice(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-length", b"0"), (b"x\r\n\r\n" + SECOND, b"y")]
            await send(message)

        await app(scope, receive, send_twice if scope.get("path") == "/notes/99" else send)

    return splitting
