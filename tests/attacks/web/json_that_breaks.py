"""Answers with JSON that is nested a million times, holds NaN, endless digits and twice the same key."""
# against: toy/board
# expect: test_round_trip failed/error, test_numbers failed/error

# === the honest file ===
def create_app():
    bodies = [b"[" * 900_000, b'{"id": NaN}', b'{"id": ' + b"9" * 900_000 + b"}", b'{"id": 2, "id": 1}', b"\xff\xfe{\0"]

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        bodies.append(bodies.pop(0))
        status = 201 if scope["method"] == "POST" else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": bodies[-1]})

    return app
