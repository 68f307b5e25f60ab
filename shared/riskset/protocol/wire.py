"""What the two ends of the engine must agree on, besides Flower itself: names, and the size of a message."""

from __future__ import annotations

from typing import Final

MESSAGE_TYPE: Final = "query.riskset"
RECORD: Final = "riskset"
"""Name of the one record in a Flower message; every further record would be a request of its own in both directions."""
FIELD: Final = "envelope"
"""Name of the record's only value, our bytes."""

MAX_MESSAGE_BYTES: Final = 31 * 2**20
"""Ours; the public port takes 32 MB, the rest is for Flower's frame."""

LEASE_HEADER: Final = "riskset-lease-s"
"""Stands on a refused activation whose key is known: seconds until the session that holds the key ends."""
