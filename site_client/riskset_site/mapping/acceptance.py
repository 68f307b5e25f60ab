"""What a person accepts by not correcting it, and when a proposal may be written."""

from __future__ import annotations

from pathlib import Path

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.private_files import replace_file
from riskset_site.data.config import problems_of_text
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.proposal import Proposal
from riskset_site.mapping.written import written


def accepted(proposal: Proposal, given: Answers) -> Answers:
    """Returns the answers with the meanings of texts that were shown as not sure, and not corrected."""
    recode = dict(given.recode)
    for one in proposal.variables:
        shown = {text.text: text.meaning for text in one.texts if text.meaning is not None and not text.is_sure}
        if shown:
            recode[one.variable] = {**shown, **recode.get(one.variable, {})}
    return given.model_copy(update={"recode": recode})


def refuse_to_replace(target: Path) -> None:
    """Raises DataError where the site file is there already."""
    if target.exists():
        raise DataError(say("site.map.exists", file=str(target)), say("site.map.exists_hint"))


def write_site_file(target: Path, proposal: Proposal, language: str) -> None:
    """Writes the proposal, with comments in a language. DataError where nobody has said which column is the patient
    number, or which of several encodings that show other texts is the right one, or where the check would refuse what
    would be written."""
    if proposal.key is None:
        raise DataError(say("site.map.key_never_default"), say("site.map.key_never_default_hint"))
    if proposal.is_encoding_doubtful:
        names = tuple(one.encoding for one in proposal.table.encodings)
        message = say("site.map.doubtful_encoding", file=Path(proposal.export).name, encodings=names)
        raise DataError(message, say("site.map.doubtful_encoding_hint"))
    text = written(proposal, language)
    if problems := problems_of_text(text):  # a name of a sheet that no site file can have, say
        raise DataError(say("site.map.refused", file=target.name), say("site.map.refused_hint"), problems)
    replace_file(target, text.encode())
