"""Withdraws outputs of a released folder: the signed withdrawals go into proof.json, and every page is written again.

It needs the folder alone, no bundle. Nothing is half written: the proof is replaced first, and it decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.audit.proof import FILE
from riskset.audit.trusted import Trusted
from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.private_files import replace_file
from riskset.secure.keys import public_hex
from riskset.strict_json import read_json
from riskset_release.folder.proof_file import proof_and_pages
from riskset_release.folder.released import Released, ReleasedOutput, read_folder, released_of
from riskset_release.withdrawals import MEANING, Withdrawal, read_withdrawal


def named_outputs(released: Released, ids: Sequence[str]) -> list[ReleasedOutput]:
    """Returns the outputs that somebody typed, all of the release where nothing was. Raises DataError where the release
    has none of that id."""
    known = [one.id for one in released.outputs]
    for id_ in ids:
        if id_ not in known:
            hint = did_you_mean(id_, known) or say("release.sign.known", outputs=tuple(known))
            raise DataError(say("release.withdrawal.no_output", output=id_), hint)
    return [one for one in released.outputs if not ids or one.id in ids]


def withdrawal_of(
    released: Released, output: ReleasedOutput, key: Ed25519PrivateKey, name: str, reason: str, at: str, site: str = ""
) -> Withdrawal:
    """Returns the withdrawal, not yet signed, by an auditor or for a `site`. Raises DataError where name or reason is
    not as it should be."""
    made = Withdrawal(
        study=released.study_sha256,
        run=released.run,
        output=output.id,
        output_sha256=output.sha256,
        reason=" ".join(reason.split()),
        name=" ".join(name.split()),
        site=site,
        meaning=MEANING,
        at=at,
        key=public_hex(key),
    )
    if problem := made.problem():
        raise DataError(problem, say("release.vote.hint"))
    return made


def withdrawn_before(output: ReleasedOutput, key: Ed25519PrivateKey) -> bool:
    """Whether the output was withdrawn with this key before."""
    return any(one.key == public_hex(key) for one in output.withdrawals)


def checked_files(released: Released, papers: Mapping[str, bytes]) -> list[bytes]:
    """Returns files of withdrawals that somebody hands in, by name. Raises DataError where one is none, or is of no
    output of this release; whether its signer can withdraw, `withdraw` decides."""
    for name, data in papers.items():
        paper = read_withdrawal(data)
        output = released.output(paper.output)
        of = (paper.study, paper.run, paper.output_sha256)
        if output is None or of != (released.study_sha256, released.run, output.sha256):
            raise DataError(say("release.withdrawal.other", file=name), say("release.vote.form_hint"))
    return list(papers.values())


def withdraw(folder: Path, papers: Sequence[bytes], trusted: Trusted | None) -> Released:
    """Puts signed withdrawals into the folder and returns the release as it is then; without any, its pages are written
    again, as after a killed command.

    Raises DataError where the folder is not as it was released, or a signer can withdraw nothing of it; then nothing is
    written.
    """
    proof, files = read_folder(folder)
    changed = {**proof, "outputs": [_with_withdrawals(one, papers) for one in proof["outputs"]]}
    released = released_of(changed, files, trusted)
    for path, content in proof_and_pages(
        changed, released
    ).items():  # the proof first: pages without it would say what no signature says
        replace_file(folder / path, content)
    return released


def _with_withdrawals(output: dict[str, Any], papers: Sequence[bytes]) -> dict[str, Any]:
    own = [paper for paper in papers if read_withdrawal(paper).output == output["id"]]
    new = [read_json(paper) for paper in own]
    return {
        **output,
        "withdrawals": [*output["withdrawals"], *(one for one in new if one not in output["withdrawals"])],
    }


def proof_path(folder: Path) -> Path:
    """Returns where the proof of a released folder is."""
    return folder / FILE
