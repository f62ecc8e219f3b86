"""The sandbox of macOS: what a cell could be held to there. Experimental and not measured: no cell is made of it yet.

``sandbox-exec`` is deprecated, has no successor for programs without a bundle, and still enforces. What is missing is a
launcher: a fork without an exec is not safe there, so the zygote of Linux is none.
"""

from __future__ import annotations

from collections.abc import Iterable

#: What the profile does not give, whatever it says.
LACKS = "no namespaces, no limit of address space, no bounded /tmp"


def profile(readable: Iterable[str], folder: str, *, writable: bool, ports: Iterable[int]) -> str:
    """The profile of one cell, for ``sandbox-exec -p``: reads ``readable`` and ``folder``, connects to ``ports``.

    Everything that is not named is denied: other files, children, signals to others, all other network.
    """
    lines = ["(version 1)", "(deny default)", "(allow signal (target self))", "(allow sysctl-read)"]
    lines += [f"(allow file-read* (subpath {_quoted(path)}))" for path in [*readable, folder]]
    lines += [f"(allow file-read* file-write-data (literal {_quoted(path)}))" for path in ("/dev/null", "/dev/urandom")]
    if writable:
        lines.append(f"(allow file-write* (subpath {_quoted(folder)}))")
    lines += [f'(allow network-outbound (remote tcp "localhost:{port:d}"))' for port in ports]
    return "\n".join(lines) + "\n"


def _quoted(path: str) -> str:
    """A string of the profile's language, which is Scheme. Raises ``ValueError`` for what it cannot spell."""
    if not path.isprintable():
        raise ValueError(f"{path!r} cannot be named in a sandbox profile")
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
