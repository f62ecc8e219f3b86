"""What may be shortened, and what a code looks like."""

from __future__ import annotations

import ipaddress
import re
import secrets
import string
from urllib.parse import urlsplit

PUBLIC_URL = "https://short.example"

CODE = re.compile(r"[A-Za-z0-9_-]{4,32}")
RESERVED = frozenset({"links", "dashboard", "healthz", "readyz", "docs", "redoc"})

_CODE_LENGTH = 8  # no reserved word has this length
_BASE62 = string.digits + string.ascii_letters

_URL_TEXT = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2048}")
_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_OWN_HOST = urlsplit(PUBLIC_URL).hostname
_INTERNAL_NAMES = (".localhost", ".local", ".internal")
_INTERNAL_NETWORKS = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and with it the metadata service of most clouds
        "172.16.0.0/12",  # private
        "192.168.0.0/16",  # private
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved
        "::/128",  # unspecified
        "::1/128",  # loopback
        "fc00::/7",  # private
        "fe80::/10",  # link-local
        "ff00::/8",  # multicast
    )
]


def checked_url(url: str) -> str:
    """The URL itself, unchanged; ValueError when it must not be shortened."""
    if not _URL_TEXT.fullmatch(url):
        raise ValueError("a URL has 1 to 2048 characters, all of them allowed by RFC 3986")
    parts = urlsplit(url)  # ValueError for a broken IPv6 literal
    if parts.scheme not in ("http", "https"):
        raise ValueError("a URL begins with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("a URL must not carry credentials")
    if parts.port == 0:  # ValueError for what cannot be a port
        raise ValueError("a port is a number from 1 to 65535")
    _check_host((parts.hostname or "").removesuffix("."))
    return url


def _check_host(host: str) -> None:
    """ValueError when no link may lead to ``host``: lower case, no brackets, no dot at its end."""
    if host == _OWN_HOST:
        raise ValueError("a link must not lead back to this service")
    if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):  # an address, as every browser sees it
        address = ipaddress.ip_address(host)  # ValueError for 127.1, 0x7f.1, 0177.0.0.1, 2130706433
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address in network for network in _INTERNAL_NETWORKS):
            raise ValueError("the address is not a public one")
    elif not _HOST_NAME.fullmatch(host) or host.endswith(_INTERNAL_NAMES):
        raise ValueError("the host is not a public name")


def checked_alias(alias: str) -> str:
    """The alias itself; ValueError when it must not become a code."""
    if not CODE.fullmatch(alias) or alias in RESERVED:
        raise ValueError("an alias has 4 to 32 of A-Z a-z 0-9 _ - and is no reserved word")
    return alias


def new_code() -> str:
    """A code that nobody can guess. That it is free is for the database to say."""
    return "".join(secrets.choice(_BASE62) for _ in range(_CODE_LENGTH))
