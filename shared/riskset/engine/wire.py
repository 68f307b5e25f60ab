"""What the two ends of the engine must agree on, besides Flower itself: names, and the size of a message."""

from __future__ import annotations

from typing import Final

MESSAGE_TYPE: Final = "query.riskset"
RECORD: Final = "riskset"
"""Name of the one record in a Flower message. Each further record would cost a request in both directions."""
FIELD: Final = "envelope"
"""Name of the record's only value, our bytes."""

MAX_MESSAGE_BYTES: Final = 31 * 2**20
"""Our limit. The public port accepts 32 MB; the rest is for Flower's frame."""

WAIT_HEADER: Final = "riskset-wait-s"
"""On a request for messages: how long the server may hold it until there are some."""

WHOLE_HEADER: Final = "riskset-whole"
"""On the last part of a message: a party that waits for messages may fetch them now."""

LEASE_HEADER: Final = "riskset-lease-s"
"""On a refused activation whose key is known: seconds until the session that holds the key ends."""
