"""Half right: knows neither 404 nor 405."""

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
        status, answer = 200, {"text": notes.get(scope["path"][7:], "")}
        if scope["method"] == "POST":
            notes[str(len(notes) + 1)] = json.loads(body)["text"]
            status, answer = 201, {"id": len(notes)}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return app
