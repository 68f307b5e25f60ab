"""`riskset site join` and `riskset site renew`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.joining.invite import Invite, read_invite
from riskset.joining.signed import read_file
from riskset.language import speak
from riskset.terminal import tell
from riskset_site.keys import SitePaths
from riskset_site.membership import Details, join_study, renew_keys

InviteFile = Annotated[Path, typer.Argument(metavar="INVITE", show_default=False)]
Into = Annotated[Path, typer.Option(metavar="FOLDER")]
Telephone = Annotated[str, typer.Option(show_default=False)]
Irb = Annotated[str, typer.Option(show_default=False)]
IrbUntil = Annotated[str, typer.Option(metavar="DATE", show_default=False)]
ByMail = Annotated[bool, typer.Option("--by-mail")]
Passphrase = Annotated[
    bool,
    typer.Option("--passphrase"),
]
HERE = Path()


def join(
    invite_file: InviteFile,
    into: Into = HERE,
    telephone: Telephone = "",
    irb: Irb = "",
    irb_until: IrbUntil = "",
    by_mail: ByMail = False,
    passphrase: Passphrase = False,
) -> None:
    """Makes the site's keys, and sends or writes its request; exit 3 where the invite is no longer valid."""
    paths = SitePaths(into)
    speak(paths.root / "site.toml", paths.study)
    stated = Details(telephone, irb, irb_until)
    join_study(_invite(invite_file), paths, stated, tell, by_mail=by_mail, passphrase=passphrase)


def renew(
    invite_file: InviteFile,
    into: Into = HERE,
    telephone: Telephone = "",
    irb: Irb = "",
    irb_until: IrbUntil = "",
    by_mail: ByMail = False,
    passphrase: Passphrase = False,
) -> None:
    """Makes new keys for a site that has joined, and sends or writes its request, signed by the earlier key,
    too."""
    paths = SitePaths(into)
    speak(paths.root / "site.toml", paths.study)
    stated = Details(telephone, irb, irb_until)
    renew_keys(_invite(invite_file), paths, stated, tell, by_mail=by_mail, passphrase=passphrase)


def _invite(path: Path) -> Invite:
    return read_invite(read_file(path, say("site.join.invite"), say("site.join.invite_hint")), str(path))
