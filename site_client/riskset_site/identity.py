"""A site's keys and where they lie: beside its site file, made there, never sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskset.analyses.cohort import Cohort
from riskset.protocol.joining import write_request
from riskset.secure.keys import load_identity, new_identity, refuse_to_replace, save_identity
from riskset.secure.node_key import load_node_key, new_node_key, save_node_key


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
    def identity_key(self) -> Path:
        return self.root / "keys" / "identity.pem"

    @property
    def node_key(self) -> Path:
        return self.root / "keys" / "node.pem"

    def request(self, site: str) -> Path:
        return self.root / f"{site}.request.json"


@dataclass(frozen=True)
class Identity:
    """Who a site is (signatures), and how it connects."""

    signing: Ed25519PrivateKey
    node: EllipticCurvePrivateKey


def make_keys(folder: SiteFolder, site: str) -> Path:
    """Makes both keys and the request to send to the coordinator; returns the request's path. DataError over old
    keys."""
    refuse_to_replace(folder.identity_key, folder.node_key)  # both or none
    identity, node = new_identity(), new_node_key()
    save_identity(folder.identity_key, identity)
    save_node_key(folder.node_key, node)
    request = folder.request(site)
    request.write_bytes(write_request(site, identity, node.public_key()))
    return request


def load_keys(folder: SiteFolder) -> Identity:
    return Identity(load_identity(folder.identity_key), load_node_key(folder.node_key))


def snapshot_of(cohort: Cohort, identity: Ed25519PrivateKey) -> str:
    """Returns a hash of every value of the cohort under a secret of the site, so that a change of the data is noticed.

    Keyed, because an unkeyed hash of a few patients could be searched; it stays in the site's journal all the same.
    """
    secret = HKDF(hashes.SHA256(), 32, salt=None, info=b"riskset snapshot").derive(identity.private_bytes_raw())
    mac = hmac.HMAC(secret, hashes.SHA256())
    for endpoint, rows in sorted(cohort.analysis_sets.items()):
        columns = {**rows.variables, "/days": rows.days, "/event": rows.event}
        if rows.entry_days is not None:
            columns["/entry"] = rows.entry_days
        for name, values in sorted(columns.items()):
            mac.update(f"{endpoint}\n{name}\n{values.dtype.str}{values.shape}\n".encode())
            mac.update(np.ascontiguousarray(values).tobytes())
    return mac.finalize().hex()
