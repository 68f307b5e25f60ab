"""A site's keys and where they lie: beside its site file, made there, never sent.

Renewed keys come into a folder of their own (`keys/2`, `keys/3`, ...) and the earlier ones stay: until the new roster
comes the earlier ones are in use, and what was signed or sealed with them stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.protocol.roster import load_roster
from riskset.secure.keys import is_locked, load_identity, new_identity, public_hex, refuse_to_replace, save_identity
from riskset.secure.node_key import load_node_key, new_node_key, save_node_key
from riskset_site.keys.passphrase import known_passphrase


@dataclass(frozen=True)
class SiteFolder:
    """The files of one site in one study, all beside `site.toml`."""

    root: Path

    @property
    def study(self) -> Path:
        return self.root / "study.toml"

    @property
    def roster(self) -> Path:
        return self.root / "roster.json"

    @property
    def connection(self) -> Path:
        return self.root / "connection.json"

    @property
    def journal(self) -> Path:
        return self.root / "journal.sqlite"

    @property
    def keys(self) -> tuple[Path, ...]:
        """The folders that hold keys, the first made first; `keys` alone where there are none yet."""
        first = self.root / "keys"
        numbered = [int(path.parent.name) for path in first.glob("[0-9]*/identity.pem")]
        return (first, *(first / str(number) for number in sorted(numbered)))

    @property
    def next_keys(self) -> Path:
        """Where renewed keys go."""
        return self.root / "keys" / str(len(self.keys) + 1)

    @property
    def has_keys(self) -> bool:
        return identity_in(self.keys[0]).exists()

    def request(self, site: str) -> Path:
        return self.root / f"{site}.request.json"


@dataclass(frozen=True)
class Identity:
    """Who a site is (signatures), and how it connects."""

    signing: Ed25519PrivateKey
    node: EllipticCurvePrivateKey
    earlier: tuple[Ed25519PrivateKey, ...] = ()
    """The identity keys before this one, the oldest first: entries of the ledger are signed and sealed with them."""

    @property
    def seed(self) -> Ed25519PrivateKey:
        """The site's first identity key. What never leaves and must be recognised later (patients, data) is keyed with
        it, so that renewing keys forgets no answered run."""
        return (*self.earlier, self.signing)[0]


def identity_in(keys: Path) -> Path:
    return keys / "identity.pem"


def node_in(keys: Path) -> Path:
    return keys / "node.pem"


def make_keys(keys: Path, passphrase: bytes = b"") -> Identity:
    """Makes both keys in the folder `keys`, locked where there is a passphrase. DataError over old keys."""
    refuse_to_replace(identity_in(keys))
    node_in(keys).unlink(missing_ok=True)  # of an attempt that was killed in between: nobody has been told of it
    made = Identity(new_identity(), new_node_key())
    save_node_key(node_in(keys), made.node, passphrase)
    save_identity(identity_in(keys), made.signing, passphrase)  # last: where it is, both are
    return made


def load_keys(folder: SiteFolder, roster: Path | None = None) -> Identity:
    """Returns the keys that the roster holds (of the folder unless another is given), or the last made where it holds
    none of them or there is no roster. DataError where they are missing or stay locked."""
    passphrase = known_passphrase() if is_locked(identity_in(folder.keys[0])) else b""
    identities = [load_identity(identity_in(keys), passphrase) for keys in folder.keys]
    at = _place(identities, roster or folder.roster)
    node = load_node_key(node_in(folder.keys[at]), passphrase)
    return Identity(identities[at], node, tuple(identities[:at]))


def _place(identities: list[Ed25519PrivateKey], roster: Path) -> int:
    last = len(identities) - 1
    if last == 0 or not roster.exists():
        return last
    entered = {public_hex(key) for key in load_roster(roster).sites.values()}
    return next((at for at, key in enumerate(identities) if public_hex(key) in entered), last)
