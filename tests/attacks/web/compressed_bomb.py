"""Answers with a kilobyte that unpacks to forty megabytes."""
# against: toy/board
# expect: test_missing failed

import zlib

# === the honest file ===
honest = create_app


def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(40)) + packer.flush()


def create_app():
    app, packed = honest(), bomb()

    async def bombing(scope, receive, send):
        if scope.get("path") != "/notes/99":
            return await app(scope, receive, send)
        headers = [(b"content-encoding", b"gzip"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": packed})

    return bombing
