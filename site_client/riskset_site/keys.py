"""A site's keys: made in the site's folder, beside its site file, and never sent.

Renewed keys go into a new folder (`keys/2`, `keys/3`, ...) and the earlier ones stay: they are in use until the new
roster arrives, and what was signed or encrypted with them stays readable. Keys may be locked with a passphrase, which
comes from the environment, for a service, or from the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from riskset.catalogue import say
from riskset.passphrase import ask_new_passphrase, ask_passphrase
from riskset.protocol.roster import load_roster
from riskset.secure.keys import (
    is_locked,
    load_identity,
    lock_private,
    new_identity,
    public_hex,
    refuse_to_replace,
    save_identity,
)
from riskset.secure.node_key import load_node_key, new_node_key, save_node_key


@dataclass(frozen=True)
class SitePaths:
    """Where the files of one site in one study are: all in the folder of `site.toml`."""

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
    def lock(self) -> Path:
        """Held by the process that answers for the site."""
        return self.root / "serve.lock"

    @property
    def log(self) -> Path:
        """Of that process."""
        return self.root / "serve.log"

    @property
    def keys(self) -> tuple[Path, ...]:
        """The folders that contain keys, the earliest first; `keys` alone where there are none yet."""
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
    """The keys with which a site signs and connects."""

    signing: Ed25519PrivateKey
    node: EllipticCurvePrivateKey
    earlier: tuple[Ed25519PrivateKey, ...] = ()
    """The identity keys before this one, the oldest first: they signed and sealed earlier entries of the ledger."""

    @property
    def seed(self) -> Ed25519PrivateKey:
        """The site's first identity key. The marks by which a site recognises its patients and data are keyed with it,
        so that they stay the same when keys are renewed and earlier runs are not forgotten."""
        return (*self.earlier, self.signing)[0]


def identity_in(keys: Path) -> Path:
    return keys / "identity.pem"


def node_in(keys: Path) -> Path:
    return keys / "node.pem"


def make_keys(keys: Path, passphrase: bytes = b"") -> Identity:
    """Makes both keys in the folder `keys`, locked where there is a passphrase. DataError where keys exist already."""
    refuse_to_replace(identity_in(keys))
    node_in(keys).unlink(missing_ok=True)  # left by an attempt that was killed before the identity: nobody knows it
    made = Identity(new_identity(), new_node_key())
    save_node_key(node_in(keys), made.node, passphrase)
    save_identity(identity_in(keys), made.signing, passphrase)  # last: where it exists, both do
    return made


def load_keys(paths: SitePaths, roster: Path | None = None, passphrase: bytes | None = None) -> Identity:
    """Returns the keys that the roster lists (the folder's roster unless one is given), or the latest where it lists
    none of them or there is no roster. Without `passphrase` a person is asked for it where the keys are locked.
    DataError where keys are missing or stay locked."""
    if passphrase is None:
        passphrase = known_passphrase() if is_locked(identity_in(paths.keys[0])) else b""
    identities = [load_identity(identity_in(keys), passphrase) for keys in paths.keys]
    at = _in_use(identities, roster or paths.roster)
    node = load_node_key(node_in(paths.keys[at]), passphrase)
    return Identity(identities[at], node, tuple(identities[:at]))


def keys_of(paths: SitePaths, identity: str, passphrase: bytes) -> Identity | None:
    """Returns the keys whose identity key is this one (in hex), of whatever age; None where they are not here."""
    for folder in paths.keys:
        signing = load_identity(identity_in(folder), passphrase)
        if public_hex(signing) == identity:
            return Identity(signing, load_node_key(node_in(folder), passphrase))
    return None


def passphrase_of(paths: SitePaths) -> bytes:
    """Returns the passphrase that opens this site's keys, after trying it; empty where they are not locked."""
    if not is_locked(identity_in(paths.keys[0])):
        return b""
    passphrase = known_passphrase()
    load_identity(identity_in(paths.keys[0]), passphrase)
    return passphrase


def lock_keys(paths: SitePaths) -> bytes:
    """Locks every key of the folder that is not locked, and returns the passphrase: the one that already locks others,
    or a new one. DataError where it does not open a locked key; then nothing is changed."""
    passphrase = passphrase_of(paths) or new_passphrase()
    # the first identity first: where that is locked, the passphrase is asked for, and opens what is not locked yet, too
    found: list[tuple[Path, PrivateKeyTypes]] = []
    for keys in paths.keys:
        found.append((identity_in(keys), load_identity(identity_in(keys), passphrase)))
        found.append((node_in(keys), load_node_key(node_in(keys), passphrase)))
    for path, key in found:
        if not is_locked(path):
            lock_private(path, key, passphrase)
    return passphrase


def _in_use(identities: list[Ed25519PrivateKey], roster: Path) -> int:
    last = len(identities) - 1
    if last == 0 or not roster.exists():
        return last
    entered = {public_hex(key) for key in load_roster(roster).sites.values()}
    return next((at for at, key in enumerate(identities) if public_hex(key) in entered), last)


def new_passphrase() -> bytes:
    """Returns a passphrase to lock this site's new keys with. DataError where it is too short."""
    return ask_new_passphrase(say("site.keys.new_passphrase"))


def known_passphrase() -> bytes:
    """Returns the passphrase of this site's keys."""
    return ask_passphrase(say("site.keys.passphrase"))
