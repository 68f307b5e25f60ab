"""`riskset audit withdraw`: takes outputs of a release back, without its bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.proof import FILE as PROOF
from riskset.audit.trusted import load_trusted
from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.signed import read_file
from riskset.language import Language
from riskset.ledger.durable import utc_now
from riskset.terminal import tell
from riskset_release.auditor_key import load_auditor
from riskset_release.commands import Keys
from riskset_release.folder.released import Released, read_folder, released_of
from riskset_release.folder.signing import named_outputs, withdrawal_of, withdrawn_before
from riskset_release.folder.withdrawing import withdraw_from


def withdraw(
    released: Annotated[Path, typer.Argument(help="The folder of a release.", metavar="RELEASED")],
    keys: Keys,
    outputs: Annotated[
        list[str] | None, typer.Argument(metavar="[OUTPUT]...", help="Ids. Without any: every output.")
    ] = None,
    as_: Annotated[str, typer.Option("--as", help="Your short name in the file of fingerprints.")] = "",
    key: Annotated[Path | None, typer.Option("--key", help="Your private key.", show_default=False)] = None,
    name: Annotated[str, typer.Option("--name", help="Your name as it is printed with the signature.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, in 20 characters or more; everybody reads it.")] = "",
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", help="A withdrawal that was signed elsewhere. May be repeated.", show_default=False),
    ] = None,
    language: Language = None,
) -> None:
    """Withdraw outputs of a release: sign that they should no longer be used, and mark them in the folder.

    The signed withdrawal is in proof.json; the pages of the folder are written again. One auditor is enough, or a
    hospital, whose file --add takes in. Publish the folder again afterwards. No copy and no citation is taken back.

    Example: riskset audit withdraw released table-1 --keys trusted.toml --as sato --key sato.pem --name "K. Sato"
    --reason "A date was coded wrongly at one hospital."
    """
    trusted = load_trusted(keys)
    found = released_of(*read_folder(released), trusted)
    if add and not (as_ or key or name or reason or outputs):
        called, hint = say("release.called.withdrawal"), say("cli.check_path")
        papers = {str(file): read_file(file, called, hint) for file in add}
    elif add or not (as_ and key):
        raise DataError(say("release.withdrawal.sign_or_add"))
    else:
        private, papers = load_auditor(key, as_, trusted), {}
        for output in named_outputs(found, outputs or []):
            if withdrawn_before(output, private):
                tell(say("release.withdrawal.already", output=output.id))
            else:
                papers[output.id] = withdrawal_of(found, output, private, name, reason, utc_now()).signed(private)
    _tell(found, withdraw_from(released, papers, trusted), released / PROOF)


def _tell(before: Released, after: Released, proof: Path) -> None:
    for output in after.outputs:
        earlier = before.output(output.id)
        if earlier is not None and len(output.withdrawals) > len(earlier.withdrawals):
            tell(say("release.withdrawal.done", output=output.id, file=str(proof)))
    tell(say("audit.proof.not_undone"))
    tell(say("release.withdrawal.published"))
