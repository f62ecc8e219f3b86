"""Brute-force guard on Starlette: failures are a log of times, and everything is read off the log."""

import asyncio
import functools
import hashlib
import json
import math
import secrets
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

LOCK_AT, LOCK_S, TOKEN_S, STUFFING_NAMES = 8, 900.0, 600.0, 10


def key_of(password, salt, log2_n):
    return hashlib.scrypt(password.encode(), salt=salt, n=2**log2_n, r=8, p=1, dklen=32).hex()


def hash_password(password, *, log2_n=14):
    salt = secrets.token_bytes(16)
    return "$".join(["scrypt", str(log2_n), salt.hex(), key_of(password, salt, log2_n)])


def verify_password(password, stored):
    log2_n, salt, key = stored.split("$")[1:]
    return secrets.compare_digest(key, key_of(password, bytes.fromhex(salt), int(log2_n)))


class Refused(Exception):
    def __init__(self, status, code, **headers):
        self.response = JSONResponse({"error": {"code": code, "message": "no"}}, status, headers)


def wait_after(failures):
    return LOCK_S if failures == LOCK_AT else 2 ** (failures - 3) if failures > 2 else 0


class Service:
    def __init__(self, users, send_token, alert, clock, log2_n):
        self.users, self.send_token, self.alert, self.clock = users, send_token, alert, clock
        self.decoy = hash_password("", log2_n=log2_n)
        self.log = defaultdict(list)  # name -> times of its failures
        self.seen = defaultdict(list)  # address -> (time, name)
        self.tokens = []  # (token, name, time)
        self.pool = ThreadPoolExecutor(4)

    async def login(self, request):
        name, password = await strings(request, "username", "password")
        now = self.clock()
        times = self.log[name]
        if times and times[-1] + LOCK_S <= now:
            times.clear()
        if times and times[-1] + wait_after(len(times)) > now:
            wait = times[-1] + wait_after(len(times)) - now
            raise Refused(429, "slow_down", **{"Retry-After": str(math.ceil(wait))})
        times.append(now)
        last = len(times) == LOCK_AT
        stored = self.users.get(name) or self.decoy
        verify = functools.partial(verify_password, password, stored)
        if await asyncio.get_running_loop().run_in_executor(self.pool, verify) and stored is not self.decoy:
            times.clear()
            return JSONResponse({"status": "ok"})
        if last and name in self.users:
            self.tokens.append((secrets.token_urlsafe(24), name, now))
            self.send_token(name, self.tokens[-1][0])
        address = request.headers["x-forwarded-for"].rsplit(",", 1)[-1].strip()
        seen = self.seen[address] = [(at, who) for at, who in self.seen[address] if at + LOCK_S > now]
        seen.append((now, name))
        if len({who for _, who in seen}) == STUFFING_NAMES:
            self.seen.pop(address)
            self.alert(address)
        raise Refused(401, "invalid_credentials")

    async def unlock(self, request):
        (given,) = await strings(request, "token")
        now = self.clock()
        for entry in self.tokens:
            token, name, made_at = entry
            if token == given:
                self.tokens.remove(entry)
                if made_at + TOKEN_S > now:
                    self.log[name].clear()
                    return JSONResponse({"status": "unlocked"})
                break
        raise Refused(400, "invalid_token")


async def strings(request, *names):
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    values = [body.get(name) for name in names] if isinstance(body, dict) else []
    if not values or any(not isinstance(value, str) or len(value) not in range(1, 201) for value in values):
        raise Refused(422, "invalid_request")
    return values


def create_app(users, *, send_token, alert, clock=time.monotonic, log2_n=14):
    service = Service(users, send_token, alert, clock, log2_n)
    routes = [Route("/login", service.login, methods=["POST"]), Route("/unlock", service.unlock, methods=["POST"])]
    return Starlette(routes=routes, exception_handlers={Refused: lambda _, error: error.response})
