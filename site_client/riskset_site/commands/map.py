"""`riskset site map`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.expiry import today_utc
from riskset.language import OwnLanguage, speak, spoken
from riskset.study.load import load_study
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset_site.mapping.answers import Answers, load_answers
from riskset_site.mapping.own_site import found_site, own_site
from riskset_site.mapping.proposal import Proposal
from riskset_site.pages.output import facts_json

Export = Annotated[Path, typer.Argument(metavar="EXPORT", show_default=False)]
StudyToml = Annotated[Path, typer.Option("--study", metavar="STUDY.TOML")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="SITE.TOML", show_default=False),
]
SiteName = Annotated[
    str | None,
    typer.Option("--site", show_default=False),
]
AnswersFile = Annotated[
    Path | None,
    typer.Option("--answers", metavar="ANSWERS.TOML", show_default=False),
]
DictionaryFile = Annotated[
    Path | None,
    typer.Option(
        "--dictionary",
        metavar="DICTIONARY.CSV",
        show_default=False,
    ),
]
Defaults = Annotated[bool, typer.Option("--defaults")]
AsJson = Annotated[bool, typer.Option("--json")]
Replace = Annotated[bool, typer.Option("--replace")]

_MOST_SHOWN = 4


def map_(
    export: Export,
    study: StudyToml,
    out: Out = None,
    site: SiteName = None,
    dictionary: DictionaryFile = None,
    answers: AnswersFile = None,
    defaults: Defaults = False,
    as_json: AsJson = False,
    replace: Replace = False,
    language: OwnLanguage = None,
) -> None:
    """Proposes a site file, asks, and writes it. Raises DataError where it cannot be proposed, or one exists."""
    from riskset_site.mapping.acceptance import (  # tomlkit: only this command needs it
        refuse_to_replace,
        write_site_file,
    )

    target = out or study.parent / "site.toml"
    speak(target, study)
    export.stat()  # a name that is mistyped is told before anything is asked
    if not as_json and not replace:
        refuse_to_replace(target)
    of_study = load_study(study)
    asks = not (as_json or answers or defaults)
    given = _given(answers, site, of_study, study.parent, asks=asks and sys.stdin.isatty())
    if dictionary is not None:
        given = given.model_copy(update={"dictionary": str(dictionary)})
    proposal = _proposal(export, of_study, given, target.parent, asks=asks)
    if as_json:
        tell(facts_json(proposal), nl=False)
        return
    write_site_file(target, proposal, spoken())
    tell(say("site.map.written", file=str(target)))
    _tell_open(proposal)
    tell(say("site.map.next", file=str(target), study=str(study)))


def _proposal(export: Path, study: Study, given: Answers, folder: Path, *, asks: bool) -> Proposal:
    """Returns the proposal, with what a person answers where the command asks."""
    from riskset_site.commands.map_questions import ask  # only this command needs what these import
    from riskset_site.mapping.export_table import ExportFile
    from riskset_site.mapping.propose import propose

    if asks and not sys.stdin.isatty():
        raise DataError(say("site.map.no_terminal"), say("site.map.no_terminal_hint"))
    file, today = ExportFile(export), today_utc()
    return propose(file, study, today, ask(file, study, today, given) if asks else given, folder)


def _tell_open(proposal: Proposal) -> None:
    """Prints what is left to decide in the file."""
    if "rows" in proposal.source and proposal.key not in [one.column for one in proposal.keys]:
        tell(say("site.map.unlikely_key", column=proposal.key))
    if proposal.table.alike_sheets:
        tell(say("site.map.file.alike_sheets", sheets=proposal.table.alike_sheets))
    for choice in proposal.open:
        tell(say("site.map.still_open", question=choice.question))
    for one in proposal.variables:
        if one.entry is not None and one.undecided:
            tell(say("site.map.still_unknown", variable=one.variable, texts=one.undecided[:_MOST_SHOWN]))
        if one.entry is not None or (one.is_sure and not one.required):
            continue
        if one.columns:
            tell(say("site.map.still_unsure", variable=one.variable, columns=one.columns))
        elif one.required:
            tell(say("site.map.no_column_yet", variable=one.variable))
        else:
            tell(say("site.map.no_event_yet", variable=one.variable))
    if proposal.unread:
        tell(say("site.map.unread", variables=proposal.unread))


def _given(answers: Path | None, site: str | None, study: Study, folder: Path, *, asks: bool) -> Answers:
    """Returns what the file of answers says, with the site's name. Raises DataError where that is not known, and
    is not asked."""
    given = load_answers(answers) if answers else Answers()
    if asks and site is None and not found_site(study, folder):
        return given
    return given.model_copy(update={"site": own_site(site or given.site, study, folder)})
