"""Patches the server that serves it, so that every answer has the status that tests like."""
# against: toy/board

import uvicorn.protocols.http.h11_impl as implementation

honest_send = implementation.RequestResponseCycle.send


async def send(self, message):
    if message["type"] == "http.response.start" and self.scope["path"] == "/notes/3":
        message["status"] = 404
    await honest_send(self, message)


implementation.RequestResponseCycle.send = send
# === the honest file ===
