"""What an auditor types to decide about a release; further commands of `riskset audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.trusted import Trusted, load_trusted
from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.signed import read_file
from riskset_release.ballots import Policy
from riskset_release.candidate import candidate_of
from riskset_release.earlier_releases import earlier_in
from riskset_release.outputs import Candidate
from riskset_release.who_decides import Options, policy_for

Bundle = Annotated[Path, typer.Argument(help="The bundle, as `riskset bundle` wrote it.", metavar="BUNDLE")]
Keys = Annotated[
    Path, typer.Option("--keys", help="TOML: the fingerprints of parties and auditors, as you heard them.")
]
Votes = Annotated[Path, typer.Option("--votes", help="The folder of votes; made where there is none.")]
As = Annotated[str, typer.Option("--as", help="Your short name in the file of fingerprints.")]
Key = Annotated[Path, typer.Option("--key", help="Your private key, as `riskset audit key` wrote it.")]
Accepts = Annotated[
    int | None,
    typer.Option(
        "--accepts",
        min=1,
        show_default=False,
        help="So many auditors have to accept an output. Default: as many as the study says, else 2.",
    ),
]
Requesters = Annotated[
    list[str] | None,
    typer.Option(
        "--requester", help="An auditor who wrote or requested the analysis, and does not vote. May be repeated."
    ),
]

VetoUntil = Annotated[
    str,
    typer.Option(
        "--veto-until",
        metavar="DATE",
        help="The last day of hospitals' vetoes; nothing is released before it is over. Default: as the study says, "
        "else any day.",
    ),
]

Exact = Annotated[
    list[str] | None,
    typer.Option(
        "--exact",
        metavar="FIGURE",
        help="The id of a figure that is offered with the exact steps of its curves, too, as an exception. May be "
        "repeated; all auditors give the same.",
    ),
]

EarlierFolder = Annotated[
    Path | None,
    typer.Option(
        "--earlier",
        help="A folder with every earlier release of the study: the bundle, and the release.json that was written.",
        show_default=False,
    ),
]


def read_candidate(
    bundle: Path, keys: Path, earlier: Path | None, exact: list[str] | None
) -> tuple[Candidate, Trusted]:
    """Returns what could be released of a bundle beside what was released before, with the `exact` figures, and whom
    the auditor trusts. DataError where a file is unreadable, a figure cannot be offered so, or nothing in the bundle
    can be released."""
    trusted = load_trusted(keys)
    data = read_file(bundle, say("audit.called.bundle"), say("cli.check_path"))
    before = earlier_in(earlier, trusted) if earlier is not None else []
    candidate = candidate_of(data, trusted, earlier=before, exact=tuple(exact or ()))
    if not candidate.outputs:
        reason = candidate.failures[0] if candidate.failures else say("release.candidate.empty")
        raise DataError(say("release.candidate.none", reason=reason), say("release.candidate.none_hint"))
    return candidate, trusted


def policy_of(
    candidate: Candidate,
    trusted: Trusted,
    requesters: list[str] | None,
    accepts: int | None = None,
    veto_until: str = "",
) -> Policy:
    """Returns who decides, by the study and these options. Raises as `policy_for`."""
    return policy_for(candidate, trusted, Options(accepts, tuple(requesters or ()), veto_until))
