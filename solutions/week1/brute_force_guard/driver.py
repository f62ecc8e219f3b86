"""What cannot be seen from outside: which hashes are computed and where, and how secrets are compared."""

import asyncio
import hashlib
import hmac
import importlib
import random
import secrets
import sys
import time

MODULE = "brute_force_guard"

_scrypt, _compare_digest = hashlib.scrypt, hmac.compare_digest
_hashed = []  # for each scrypt its n, r and p, and whether it stopped an event loop
_compared = []  # for each comparison in constant time the lengths of its arguments


class Calls:
    """A function to hand in that writes down what it is called with."""

    def __init__(self):
        self.seen = []

    def __call__(self, *args):
        self.seen.append(list(args))


def watch(seconds=0.0):
    """From now on write down each scrypt, which takes ``seconds`` longer, and each comparison in constant time.

    The submission is loaded once more, so that it has these functions however it imports them.
    """

    def scrypt(*args, **kwargs):
        _hashed.append([kwargs.get(name) for name in ("n", "r", "p")] + [_on_a_loop()])
        if seconds:
            time.sleep(seconds)
        return _scrypt(*args, **kwargs)

    def compare_digest(a, b):
        _compared.append([len(a), len(b)])
        return _compare_digest(a, b)

    hashlib.scrypt = scrypt
    hmac.compare_digest = secrets.compare_digest = compare_digest
    for name in [name for name in sys.modules if name.startswith(f"{MODULE}.")]:
        del sys.modules[name]
    importlib.reload(sys.modules[MODULE])


def hashed():
    """What was hashed since the last time this was asked."""
    seen = list(_hashed)
    _hashed.clear()
    return seen


def compared():
    """What was compared since the last time this was asked."""
    seen = list(_compared)
    _compared.clear()
    return seen


def seed(number):
    """Set the state of the module ``random``, as anybody can who has seen enough of its numbers."""
    random.seed(number)


def _on_a_loop():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
