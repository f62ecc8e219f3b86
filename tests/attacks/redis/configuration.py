"""Changes the server's configuration: where it saves, what it may be asked, who may ask."""
# against: toy/tally

import redis

# === the honest file ===
honest = Tally.__init__
found = []


def __init__(self, url):
    honest(self, url)
    for command in (
        ("CONFIG", "SET", "dir", "/tmp"),
        ("CONFIG", "SET", "dbfilename", "onspot-left"),
        ("CONFIG", "SET", "requirepass", "x"),
        ("CONFIG", "GET", "*"),
        ("ACL", "SETUSER", "default", "off"),
        ("ACL", "LIST"),
        ("SAVE",),
        ("BGREWRITEAOF",),
        ("CONFIG", "REWRITE"),
    ):
        try:
            found.append(self._redis.execute_command(*command))
        except redis.RedisError:
            pass
    if found:
        raise RuntimeError("onspot" + "canary" + repr(found))


Tally.__init__ = __init__
