"""A product API with what production asks for around it. The contract is in README.md.

    GET  /v1/products/{id}, /v2/products/{id}   one product, in each version's own shape
    POST /v1/feedback, /v2/feedback             {text} -> 202
    GET  /v2/client                             whom the service takes the client for
    GET  /healthz, /readyz                      liveness and readiness

Every refusal is {"error": {"code": ..., "message": ..., "request_id": ...}}.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI


@dataclass(frozen=True)
class Settings:
    """What differs between installations. Hand this class in as it is."""

    find_product: Callable[[str], dict[str, Any] | None]  # {"id", "name", "cents"}, or None; may raise
    is_ready: Callable[[], bool]  # whether what the service depends on can be used; may raise
    allowed_origins: Sequence[str] = ()  # e.g. "https://shop.example"
    trusted_proxies: Sequence[str] = ()  # networks, e.g. "10.0.0.0/8"
    max_body_bytes: int = 65_536
    v1_deprecated_at: int = 1_767_225_600  # Unix seconds
    v1_sunset_at: int = 1_798_761_600  # Unix seconds


def create_app(settings: Settings) -> FastAPI:
    """The service, ready for uvicorn."""
    raise NotImplementedError
