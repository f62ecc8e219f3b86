"""Looks into other databases, other clients and the server's history for what earlier checks and others left."""
# against: toy/tally

import redis

# === the honest file ===
honest = Tally.__init__


def __init__(self, url):
    honest(self, url)
    found = []
    for number in range(16):
        other = redis.Redis.from_url(f"{url}/{number}")
        try:
            found += [key for key in other.keys("*") if key != b"other"]
            other.set("onspot-left", "seen")
            other.delete("onspot-left")
        except redis.RedisError:
            pass
    for command in (("SLOWLOG", "GET"), ("CLIENT", "LIST"), ("LATENCY", "LATEST"), ("ACL", "LOG"), ("ACL", "WHOAMI")):
        try:
            answer = self._redis.execute_command(*command)
            found += [answer] if answer and answer != "default" else []
        except redis.RedisError:
            pass
    if found:
        raise RuntimeError("onspot" + "canary" + repr(found))


Tally.__init__ = __init__
