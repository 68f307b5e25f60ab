"""What an auditor types to decide about a release; further commands of `riskset audit`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.trusted import Trusted, load_trusted
from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.joining.signed import read_file
from riskset_release.ballots import Policy
from riskset_release.candidate import candidate_of
from riskset_release.earlier_releases import earlier_in
from riskset_release.outputs import Candidate

Bundle = Annotated[Path, typer.Argument(help="The bundle, as `riskset bundle` wrote it.", metavar="BUNDLE")]
Keys = Annotated[
    Path, typer.Option("--keys", help="TOML: the fingerprints of parties and auditors, as you heard them.")
]
Votes = Annotated[Path, typer.Option("--votes", help="The folder of votes; made where there is none.")]
As = Annotated[str, typer.Option("--as", help="Your short name in the file of fingerprints.")]
Key = Annotated[Path, typer.Option("--key", help="Your private key, as `riskset audit key` wrote it.")]
Accepts = Annotated[int, typer.Option("--accepts", min=1, help="So many auditors have to accept an output.")]
Requesters = Annotated[
    list[str] | None,
    typer.Option(
        "--requester", help="An auditor who wrote or requested the analysis, and does not vote. May be repeated."
    ),
]

VetoUntil = Annotated[
    str, typer.Option("--veto-until", metavar="DATE", help="The last day of hospitals' vetoes; default: any day.")
]


EarlierFolder = Annotated[
    Path | None,
    typer.Option(
        "--earlier",
        help="A folder with every earlier release of the study: the bundle, and the release.json that was written.",
        show_default=False,
    ),
]


def read_candidate(bundle: Path, keys: Path, earlier: Path | None) -> tuple[Candidate, Trusted]:
    """Returns what could be released of a bundle beside what was released before, and whom the auditor trusts.
    DataError where a file is unreadable, or nothing in the bundle can be released."""
    trusted = load_trusted(keys)
    data = read_file(bundle, say("audit.called.bundle"), say("cli.check_path"))
    before = earlier_in(earlier, trusted) if earlier is not None else []
    candidate = candidate_of(data, trusted, earlier=before)
    if not candidate.outputs:
        reason = candidate.failures[0] if candidate.failures else say("release.candidate.empty")
        raise DataError(say("release.candidate.none", reason=reason), say("release.candidate.none_hint"))
    return candidate, trusted


def policy_of(accepts: int, requesters: list[str] | None, trusted: Trusted, veto_until: str = "") -> Policy:
    """Returns who decides. DataError where a requester is not one of the auditors, since a misspelt one could vote, or
    where the last day of vetoes is none."""
    for name in requesters or ():
        if name not in trusted.auditors:
            hint = did_you_mean(name, trusted.auditors) or say("release.key.unknown_hint")
            raise DataError(say("release.key.unknown", name=name), hint)
    if veto_until and not _is_day(veto_until):
        raise DataError(say("site.terms.not_a_day", found=veto_until))
    return Policy(accepts, frozenset(requesters or ()), veto_until)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
