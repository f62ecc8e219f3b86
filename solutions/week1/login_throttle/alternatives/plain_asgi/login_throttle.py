"""Login throttle without a framework: one queue of what was admitted, whose head leaves when its time is over."""

import ipaddress
import json
import math
import time
from collections import defaultdict, deque


class Throttle:
    """For each key the times that count, and the order in which they stop counting."""

    def __init__(self, window_s):
        self._window_s = window_s
        self._queue = deque()  # (time, key), oldest first
        self._counted = defaultdict(list)

    def wait_s(self, limits, now):
        while self._queue and self._queue[0][0] + self._window_s <= now:
            at, key = self._queue.popleft()
            times = self._counted.get(key)
            if times and times[0] <= at:  # else a success has forgotten it since
                times.pop(0)
                if not times:
                    del self._counted[key]
        full = (key for key, limit in limits.items() if len(self._counted.get(key, ())) >= limit)
        return max((self._counted[key][0] + self._window_s - now for key in full), default=0)

    def enter(self, keys, now):
        for key in keys:
            self._queue.append((now, key))
            self._counted[key].append(now)

    def forget(self, key):
        self._counted.pop(key, None)
        self._queue = deque(entry for entry in self._queue if entry[1] != key)


class App:
    """The ASGI application."""

    def __init__(self, users, clock, per_account, per_address, window_s):
        self.users, self.clock = users, clock
        self.per_account, self.per_address = per_account, per_address
        self.throttle = Throttle(window_s)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if (scope["method"], scope["path"]) == ("POST", "/login"):
            status, answer, headers = await self.login(body, dict(scope["headers"]))
        else:
            status, answer, headers = refusal(404, "not_found")
        headers = [(b"content-type", b"application/json"), *headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def login(self, body, headers):
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        given = [parsed.get(key) for key in ("username", "password")] if isinstance(parsed, dict) else []
        if not given or not all(isinstance(text, str) and 0 < len(text) <= 200 for text in given):
            return refusal(422, "invalid_request")
        account = ("account", given[0].strip().casefold())
        address = ("address", client(headers[b"x-forwarded-for"].decode()))
        now = self.clock()
        wait_s = self.throttle.wait_s({account: self.per_account, address: self.per_address}, now)
        if wait_s > 0:
            return refusal(429, "too_many_attempts", [(b"retry-after", b"%d" % math.ceil(wait_s))])
        self.throttle.enter([account, address], now)
        try:
            right = await self.users.verify(*given)
        except Exception:  # noqa: BLE001
            return refusal(503, "unavailable")
        if not right:
            return refusal(401, "invalid_credentials")
        self.throttle.forget(account)
        return 200, {"status": "ok"}, []


def client(forwarded):
    packed = ipaddress.ip_address(forwarded.split(",")[-1].strip()).packed
    return packed[:8] if len(packed) == 16 else packed


def refusal(status, code, headers=()):
    return status, {"error": {"code": code, "message": f"refused: {code}"}}, headers


def create_app(users, clock=time.monotonic, *, per_account=5, per_address=20, window_s=300.0):
    return App(users, clock, per_account, per_address, window_s)
