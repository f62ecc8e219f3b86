"""Reference: notes on a board, as plain ASGI."""

import html
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
        kind, content = b"application/json", json.dumps(answer)
        if path == "/":
            status, kind, content = 200, b"text/html", "".join(f"<p>{html.escape(note)}</p>" for note in notes.values())
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": content.encode()})

    return app
