"""What both ends of the engine must agree on, besides Flower itself: names, and the size of a message."""

from __future__ import annotations

from typing import Final

MESSAGE_TYPE: Final = "query.riskset"
RECORD: Final = "riskset"
"""Name of the only record in a Flower message; each further record would cost one more request in both directions."""
FIELD: Final = "envelope"
"""Name of the record's only value, our bytes."""

MAX_MESSAGE_BYTES: Final = 31 * 2**20
"""Our limit; the public port accepts 32 MB, and Flower's frame needs the difference."""

WAIT_HEADER: Final = "riskset-wait-s"
"""On a request for messages: how long the server may hold it while there are none."""

WHOLE_HEADER: Final = "riskset-whole"
"""On the last part of a message: held requests for messages can be answered now."""

LEASE_HEADER: Final = "riskset-lease-s"
"""On a refused activation whose key is known: seconds until the session that holds the key ends."""
