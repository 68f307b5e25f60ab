"""How a request shows which node asks: the node's public key, the time, and the node's signature of the time.

That is Flower's node authentication. Its own interceptor does the same, but imports a web framework and the gRPC side
of its errors: a fifth of the modules of a site's start. The names of the headers come from Flower, through
`riskset_site.link`. No Flower in here.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from riskset.engine.client import Answer, Context


@dataclass(frozen=True)
class SignatureHeaders:
    """The names of the three headers."""

    public_key: str
    timestamp: str
    signature: str


class NodeSignature:
    """Signs each request. Flower takes anything with `intercept` as an interceptor; `public_key` is the PEM text."""

    def __init__(self, key: EllipticCurvePrivateKey, public_key: bytes, names: SignatureHeaders) -> None:
        self._key = key
        self._public_key = b64encode(public_key).decode("ascii")
        self._names = names

    def intercept(self, context: Context, call_next: Callable[[Context], Answer]) -> Answer:
        timestamp = now().isoformat()
        signature = self._key.sign(timestamp.encode("ascii"), ECDSA(SHA256()))
        context.request.headers.update(
            {
                self._names.public_key: self._public_key,
                self._names.timestamp: timestamp,
                self._names.signature: b64encode(signature).decode("ascii"),
            }
        )
        return call_next(context)


def now() -> datetime:
    return datetime.now(UTC)
