"""Makes withdrawals from a released folder: which outputs are meant, and what is signed. It writes nothing, and needs
the base install alone, since a hospital signs, too."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.secure.keys import public_hex
from riskset_release.folder.released import Released, ReleasedOutput
from riskset_release.withdrawals import MEANING, Withdrawal


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
