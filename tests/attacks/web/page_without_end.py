"""Answers with a page of a megabyte of markup that never closes, for which a parser takes quadratic time."""
# against: toy/board
# expect: test_page timeout

# === the honest file ===
honest = create_app


def create_app():
    app = honest()

    async def endless(scope, receive, send):
        if scope.get("path") != "/":
            return await app(scope, receive, send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<a " * 300_000})

    return endless
