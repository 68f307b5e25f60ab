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

InviteFile = Annotated[
    Path, typer.Argument(metavar="INVITE", help="The file that the coordinator sent.", show_default=False)
]
Into = Annotated[Path, typer.Option(metavar="FOLDER", help="The site's folder, with site.toml and study.toml.")]
Telephone = Annotated[str, typer.Option(help="Where the other sites can call you to compare keys.", show_default=False)]
Irb = Annotated[str, typer.Option(help="Number of the ethics committee's approval.", show_default=False)]
IrbUntil = Annotated[str, typer.Option(metavar="DATE", help="Its last day.", show_default=False)]
ByMail = Annotated[bool, typer.Option("--by-mail", help="Send nothing; write the request to a file.")]
Passphrase = Annotated[
    bool,
    typer.Option("--passphrase", help="Lock this site's keys; typed, or taken from RISKSET_PASSPHRASE."),
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
    """Make this site's keys and ask the coordinator to enter them. The private keys stay in the folder `keys`.

    It prints what the request states, and words to compare by telephone. If it is run again, it sends the same request
    again, with a new telephone or IRB number if one is given. Exit 3: the invite is no longer valid.

    Example: riskset site join kurume.invite.json --telephone +81-942-35-3311
    """
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
    """Make new keys for a site that has joined, and ask the coordinator to enter them. The earlier key signs, too.

    The earlier keys stay in use until the new roster is in the folder. Keep them: they open earlier ledger entries.
    Telephone and IRB approval stay as the roster lists them, unless others are given. A passphrase that locks the
    earlier keys also locks the new ones.

    Example: riskset site renew kurume.invite.json --irb-until 2028-03-31
    """
    paths = SitePaths(into)
    speak(paths.root / "site.toml", paths.study)
    stated = Details(telephone, irb, irb_until)
    renew_keys(_invite(invite_file), paths, stated, tell, by_mail=by_mail, passphrase=passphrase)


def _invite(path: Path) -> Invite:
    return read_invite(read_file(path, say("site.join.invite"), say("site.join.invite_hint")), str(path))
