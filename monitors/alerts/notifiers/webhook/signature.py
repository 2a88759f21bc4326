"""The signature of what is posted: HMAC-SHA256 over the time and the very bytes. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

SIGNATURE = "Pacewatch-Signature"
DELIVERY = "Pacewatch-Delivery"


def signature(secret: str, body: bytes, at_s: int) -> str:
    """The value of the header: ``t=<unix seconds>,v1=<hex>``."""
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def delivery_id(ids: Iterable[str]) -> str:
    """A name for what is posted together, the same when the same is posted again."""
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
