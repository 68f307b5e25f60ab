"""The coordinator's files in one folder: keys, certificates, the server's address, and two records."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.expiry import Expiry, of_certificate
from riskset.private_files import make_folder
from riskset.secure.keys import (
    load_identity,
    new_identity,
    refuse_to_replace,
    replace_private,
    save_identity,
    write_private,
)
from riskset.strict_json import read_json
from riskset_server.engine.superlink import SuperLinkConfig
from riskset_server.joining.certificates import Certified, issue_server_certificate, make_authority
from riskset_server.joining.enrolment import EnrolmentDesk, PublicServer
from riskset_server.joining.invites import InviteList


@dataclass(frozen=True)
class CoordinatorFolder:
    """Where all of the coordinator's files are; none of them is for others."""

    root: Path

    @property
    def joining(self) -> Path:
        """The list of invites and requests; it contains tokens."""
        return self.root / "joining.sqlite"

    @property
    def runs(self) -> Path:
        """The record of runs, and the coordinator's ledger."""
        return self.root / "runs.sqlite"

    @property
    def _keys(self) -> Path:
        return self.root / "keys"

    def make(self, host: str, public_port: int, control_port: int) -> None:
        """Makes all keys and certificates. Raises DataError where the folder already has some."""
        names = ("identity.pem", "authority.key.pem", "authority.pem", "server.pem", "server.key.pem", "control.token")
        if all((self._keys / name).exists() for name in names):
            hint = say("server.folder.exists_hint", folder=self.root)
            raise DataError(say("server.folder.exists", folder=self.root), hint)
        refuse_to_replace(*(self._keys / name for name in names))  # all or none
        make_folder(self.root)
        authority = make_authority(f"riskset coordinator at {host}")
        server = issue_server_certificate(authority, [host])
        save_identity(self._keys / "identity.pem", new_identity())
        write_private(self._keys / "authority.key.pem", authority.key)
        write_private(self._keys / "authority.pem", authority.certificate)
        write_private(self._keys / "server.pem", server.certificate)
        write_private(self._keys / "server.key.pem", server.key)
        write_private(self._keys / "control.token", secrets.token_urlsafe(32).encode())
        ports = {"schema": 1, "host": host, "public_port": public_port, "control_port": control_port}
        replace_private(self.root / "server.json", f"{json.dumps(ports, indent=2)}\n".encode())

    def renew_server_certificate(self) -> Expiry:
        """Makes a new certificate under the same authority, which sites keep trusting; returns its expiry.

        The server uses it after a restart.
        """
        authority = Certified(self.authority, self._read("authority.key.pem"))
        server = issue_server_certificate(authority, [str(self._ports()["host"])])
        replace_private(self._keys / "server.key.pem", server.key)
        replace_private(self._keys / "server.pem", server.certificate)
        return self.expiries[0]

    @property
    def expiries(self) -> tuple[Expiry, Expiry]:
        """When the server's certificate and the authority expire."""
        renew, replace = (
            say("server.folder.certificate_remedy", folder=self.root),
            say("server.folder.authority_remedy"),
        )
        return (
            of_certificate(say("server.folder.certificate"), self._read("server.pem").decode(), renew),
            of_certificate(say("server.folder.authority"), self.authority.decode(), replace),
        )

    @property
    def public_server(self) -> PublicServer:
        """The server as an invite names it."""
        ports = self._ports()
        return PublicServer(f"{ports['host']}:{ports['public_port']}", self.authority.decode())

    @contextmanager
    def desk(self) -> Iterator[EnrolmentDesk]:
        """The rules of joining over this folder's list of invites. Raises DataError where this is not such a folder."""
        self._read("identity.pem")
        with InviteList(self.joining) as invites:
            yield EnrolmentDesk(invites)

    @property
    def identity(self) -> Ed25519PrivateKey:
        """The coordinator's signing key. Like all below, it raises DataError where this is not such a folder."""
        self._read("identity.pem")  # its error names the command that makes the folder
        return load_identity(self._keys / "identity.pem")

    @property
    def authority(self) -> bytes:
        """The certificate (PEM) by which sites trust the server."""
        return self._read("authority.pem")

    @property
    def token(self) -> str:
        """The loopback port's bearer token; a secret."""
        return self._read("control.token").decode()

    @property
    def control_address(self) -> str:
        """host:port of the loopback port."""
        return f"127.0.0.1:{self._ports()['control_port']}"

    def superlink(self, *, in_memory: bool = False, record: Path | None = None) -> SuperLinkConfig:
        """Returns the server's settings. `in_memory` keeps the engine's state in the process only."""
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
        path = self.root / "server.json"
        try:
            content: dict[str, str | int] = read_json(path.read_bytes())
            kinds = [type(content[name]) for name in ("host", "public_port", "control_port")]
        except FileNotFoundError:
            raise self._not_one("server.json") from None
        except (ValueError, KeyError, TypeError):
            kinds = []
        if kinds != [str, int, int]:
            raise DataError(say("server.folder.ports", path=path), say("server.folder.ports_hint"))
        return content

    def _read(self, name: str) -> bytes:
        try:
            return (self._keys / name).read_bytes()
        except FileNotFoundError:
            raise self._not_one(f"keys/{name}") from None

    def _not_one(self, missing: str) -> DataError:
        message = say("server.folder.not_one", folder=self.root, missing=missing)
        return DataError(message, say("server.folder.not_one_hint"))


LISTEN_ON = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}
"""A server for this machine alone listens nowhere else."""
