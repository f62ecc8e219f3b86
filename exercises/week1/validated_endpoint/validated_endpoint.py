"""An orders API that believes nothing it is sent. The contract is in README.md.

    POST /orders        {customer, currency, items, note?} -> 201 and the order
    GET  /orders/{id}   -> 200 and the order, or 404
    GET  /orders        ?customer= &currency= &min_total= &limit= &offset= -> 200 {orders, count}

Every refusal is {"error": {"code": ..., "message": ...}}. Money is whole minor units (cents) everywhere.
"""

import uuid
from collections.abc import Callable

from fastapi import FastAPI

MAX_BODY_BYTES = 16_384


def create_app(*, new_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> FastAPI:
    """The service, ready for uvicorn. Orders are kept in memory, in the app; ``new_id`` makes their ids."""
    raise NotImplementedError
