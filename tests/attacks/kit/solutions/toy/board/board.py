"""Reference: notes on a board, as plain ASGI."""

import json


def create_app():
    notes = {}

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path, method = scope["path"], scope["method"]
        if path == "/notes" and method == "POST":
            notes[str(len(notes) + 1)] = json.loads(body)["text"]
            status, answer = 201, {"id": len(notes)}
        elif path == "/notes":
            status, answer = 405, {"error": "post only"}
        elif path.startswith("/notes/") and path[7:] in notes:
            status, answer = 200, {"text": notes[path[7:]]}
        else:
            status, answer = 404, {"error": "no such note"}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return app
