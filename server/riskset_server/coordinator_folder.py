"""The coordinator's files in one folder: keys, certificates, where the server listens, and its two records."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.errors import DataError
from riskset.joining.expiry import Expiry, of_certificate
from riskset.secure.keys import (
    load_identity,
    new_identity,
    refuse_to_replace,
    replace_private,
    save_identity,
    write_private,
)
from riskset_server.engine.superlink import SuperLinkConfig
from riskset_server.joining.certificates import Certified, issue_server_certificate, make_authority
from riskset_server.joining.enrolment import EnrolmentDesk, PublicServer
from riskset_server.joining.invites import InviteList

_HINT = "make it first: riskset server init FOLDER --host NAME"


@dataclass(frozen=True)
class CoordinatorFolder:
    """Where everything of the coordinator lies; nothing in it is for others."""

    root: Path

    @property
    def joining(self) -> Path:
        """The list of invites and requests; it holds tokens."""
        return self.root / "joining.sqlite"

    @property
    def runs(self) -> Path:
        """The record of runs, and the coordinator's ledger."""
        return self.root / "runs.sqlite"

    @property
    def _keys(self) -> Path:
        return self.root / "keys"

    def make(self, host: str, public_port: int, control_port: int) -> None:
        """Makes all keys and certificates; DataError where the folder has some already."""
        names = ("identity.pem", "authority.key.pem", "authority.pem", "server.pem", "server.key.pem", "control.token")
        refuse_to_replace(*(self._keys / name for name in names))  # all or none
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = make_authority(f"riskset coordinator at {host}")
        server = issue_server_certificate(authority, [host])
        save_identity(self._keys / "identity.pem", new_identity())
        write_private(self._keys / "authority.key.pem", authority.key)
        write_private(self._keys / "authority.pem", authority.certificate)
        write_private(self._keys / "server.pem", server.certificate)
        write_private(self._keys / "server.key.pem", server.key)
        write_private(self._keys / "control.token", secrets.token_urlsafe(32).encode())
        ports = {"schema": 1, "host": host, "public_port": public_port, "control_port": control_port}
        (self.root / "server.json").write_text(json.dumps(ports, indent=2) + "\n", encoding="utf-8")

    def renew_server_certificate(self) -> Expiry:
        """Makes a new certificate under the same authority, so that no site need be told; returns its end.

        The server shows it when it is started again.
        """
        authority = Certified(self.authority, self._read("authority.key.pem"))
        server = issue_server_certificate(authority, [str(self._ports()["host"])])
        replace_private(self._keys / "server.key.pem", server.key)
        replace_private(self._keys / "server.pem", server.certificate)
        return self.expiries[0]

    @property
    def expiries(self) -> tuple[Expiry, Expiry]:
        """The ends of the server's certificate and of the authority."""
        again = f"renew it and start the server again: riskset server renew {self.root}"
        anew = "make a new folder in good time, and invite every site again"
        return (
            of_certificate("the server's certificate", self._read("server.pem").decode(), again),
            of_certificate("the certificate authority", self.authority.decode(), anew),
        )

    @property
    def public_server(self) -> PublicServer:
        """The server as an invite names it."""
        ports = self._ports()
        return PublicServer(f"{ports['host']}:{ports['public_port']}", self.authority.decode())

    @contextmanager
    def desk(self) -> Iterator[EnrolmentDesk]:
        """The rules of joining over this folder's list of invites. DataError where the folder is none."""
        self._read("identity.pem")
        with InviteList(self.joining) as invites:
            yield EnrolmentDesk(invites)

    @property
    def identity(self) -> Ed25519PrivateKey:
        """What the coordinator signs with. DataError, as of all below, where the folder is none."""
        self._read("identity.pem")  # says that the folder is none, and how to make it
        return load_identity(self._keys / "identity.pem")

    @property
    def authority(self) -> bytes:
        """The certificate, PEM, that sites trust the server by."""
        return self._read("authority.pem")

    @property
    def token(self) -> str:
        """What opens the loopback port; a secret."""
        return self._read("control.token").decode()

    @property
    def control_address(self) -> str:
        """host:port of the loopback port."""
        return f"127.0.0.1:{self._ports()['control_port']}"

    def superlink(self, *, in_memory: bool = False, record: Path | None = None) -> SuperLinkConfig:
        """Returns how the server is to be served. `in_memory` keeps the engine's state in the process only."""
        ports = self._ports()
        self._read("server.pem")
        return SuperLinkConfig(
            certificate=self._keys / "server.pem",
            key=self._keys / "server.key.pem",
            token=self.token,
            public_host=LISTEN_ON.get(str(ports["host"]), "0.0.0.0"),
            public_port=int(ports["public_port"]),
            control_port=int(ports["control_port"]),
            database=None if in_memory else self.root / "superlink.sqlite",
            record=record,
            joining=self.joining,
        )

    def _ports(self) -> dict[str, str | int]:
        try:
            content: dict[str, str | int] = json.loads((self.root / "server.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError(f"{self.root} is not a coordinator's folder: it has no server.json", _HINT) from None
        return content

    def _read(self, name: str) -> bytes:
        try:
            return (self._keys / name).read_bytes()
        except FileNotFoundError:
            raise DataError(f"{self.root} is not a coordinator's folder: keys/{name} is missing", _HINT) from None


LISTEN_ON = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}
"""A server that only this machine shall reach does not listen elsewhere."""
