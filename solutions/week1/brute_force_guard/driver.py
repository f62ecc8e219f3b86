"""What cannot be seen from outside: which hashes are computed and where, and how secrets are compared."""

import asyncio
import hashlib
import hmac
import importlib
import random
import secrets  # noqa: F401 - so that it is there to be watched
import sys
import time

MODULE = "brute_force_guard"

_scrypt, _compare_digest = hashlib.scrypt, hmac.compare_digest
_hashed = []  # for each scrypt its n, r and p, and whether it stopped an event loop
_compared = []  # for each comparison in constant time the lengths of its arguments
_delays = []  # seconds by which a scrypt takes longer; empty until the submission is watched


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
    _delays.append(seconds)
    _replace()
    for name in [name for name in sys.modules if name.startswith(f"{MODULE}.")]:
        del sys.modules[name]
    importlib.reload(sys.modules[MODULE])


def hashed():
    """What was hashed since the last time this was asked."""
    return _taken(_hashed)


def compared():
    """What was compared since the last time this was asked."""
    return _taken(_compared)


def _taken(seen):
    _replace()
    taken = list(seen)
    seen.clear()
    return taken


def _replace():
    """For the submission: a driver has modules of its own, and finds the submission's unchanged at each call."""
    for module, name, function in (
        ("hashlib", "scrypt", _watched_scrypt),
        ("hmac", "compare_digest", _watched_compare_digest),
        ("secrets", "compare_digest", _watched_compare_digest),
    ):
        setattr(sys.modules[module], name, function)


def _watched_scrypt(*args, **kwargs):
    _hashed.append([kwargs.get(name) for name in ("n", "r", "p")] + [_on_a_loop()])
    if _delays[-1]:
        time.sleep(_delays[-1])
    return _scrypt(*args, **kwargs)


def _watched_compare_digest(a, b):
    _compared.append([len(a), len(b)])
    return _compare_digest(a, b)


def seed(number):
    """Set the state of the module ``random``, as anybody can who has seen enough of its numbers."""
    random.seed(number)


def _on_a_loop():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
