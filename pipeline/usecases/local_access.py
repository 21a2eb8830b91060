"""The operator's own access to the API on one machine: short-lived tokens instead of keys.

Whoever can read the key folder can open everything anyway; such a one may push for any customer.
A token is `local.CUSTOMER.EXPIRY.MAC`, the MAC being HMAC-SHA-256 with a secret that lies in the
key folder. It is minted for one request, opens one customer and lasts five minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from pipeline.domain.ids import CustomerId, is_customer_id

LIFETIME = timedelta(minutes=5)
_TOKEN = re.compile(r"local\.([a-z0-9-]{1,63})\.([0-9]{1,12})\.([0-9a-f]{64})\Z")


def mint_token(secret: bytes, customer_id: CustomerId, now: datetime) -> str:
    """A token that opens `customer_id` until `LIFETIME` from `now`."""
    expiry = int((now + LIFETIME).timestamp())
    return f"local.{customer_id}.{expiry}.{_mac(secret, customer_id, expiry)}"


def check_token(secret: bytes, token: str, now: datetime) -> CustomerId | None:
    """Whom `token` opens; None where it is forged, altered, too old or dated too far ahead."""
    match = _TOKEN.match(token)
    if match is None or not is_customer_id(match[1]):
        return None
    expiry = int(match[2])
    if not hmac.compare_digest(match[3], _mac(secret, match[1], expiry)):
        return None
    left = expiry - now.timestamp()
    return CustomerId(match[1]) if 0 < left <= LIFETIME.total_seconds() + 1 else None


def _mac(secret: bytes, customer_id: str, expiry: int) -> str:
    message = f"deckname local access\n{customer_id}\n{expiry}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
