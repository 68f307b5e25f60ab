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

NODE_HEADER: Final = "riskset-node"
"""On a request for messages: the node that asks, which is then woken by messages to itself alone."""

AT_RING_HEADER: Final = "riskset-at-ring"
"""On a request for messages: it is answered when something has arrived, also where that is no new message."""

WHOLE_HEADER: Final = "riskset-whole"
"""On the last part of a message: it may be fetched now, by the nodes listed, separated by commas, or by `EVERYONE`."""
EVERYONE: Final = "*"
MOST_LISTED: Final = 256
"""The most nodes that are listed; a header of uvicorn's holds 64 kB, and a proxy's often 8 kB."""

LEASE_HEADER: Final = "riskset-lease-s"
"""On a refused activation whose key is known: seconds until the session that holds the key ends."""
