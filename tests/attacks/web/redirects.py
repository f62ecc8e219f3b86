"""Redirects every request to the metadata service, to the grader's own sockets and to itself."""
# against: toy/board
# expect: all failed

# === the honest file ===
def create_app():
    places = [b"http://169.254.169.254/latest/", b"file:///etc/passwd", b"/notes/1", b"unix:/run/docker.sock"]

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        places.append(places.pop(0))
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", places[-1])]})
        await send({"type": "http.response.body", "body": b"{}"})

    return app
