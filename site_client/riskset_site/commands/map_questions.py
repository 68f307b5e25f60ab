"""The questions of `riskset site map` at a terminal: which site this is, the encoding, the row of the names, the column
of each variable, what texts mean, and the patient number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from riskset.catalogue import say
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset_site.commands.map_columns import ask_columns
from riskset_site.commands.map_layout import ask_layout
from riskset_site.commands.map_terminal import (
    NONE,
    Answer,
    AskedBack,
    Interview,
    prompted,
    show,
    with_answer,
)
from riskset_site.commands.map_texts import ask_texts
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.first_look import EncodingCandidate
from riskset_site.mapping.option_words import one_of
from riskset_site.mapping.proposal import Proposal
from riskset_site.mapping.understood import named_column


def ask(export: ExportFile, study: Study, today: date, given: Answers, answer: Answer = prompted) -> Answers:
    """Returns the answers to the questions that are not answered yet; a person may go back to the one before. Raises
    DataError where the export cannot be read."""
    interview = Interview(export, study, today, answer)
    questions: tuple[Callable[[Interview, Answers], Answers], ...] = (
        _site,
        _encoding,
        ask_layout,
        ask_columns,
        _key,  # before the texts: that patients have several rows is known by it, and which of them counts is asked
        ask_texts,
    )
    earlier: list[tuple[int, Answers]] = []
    at = 0
    while at < len(questions):
        before = interview.asked
        try:
            changed = questions[at](interview, given)
        except AskedBack:
            interview.asked = before - 1 if earlier else before
            at, given = earlier.pop() if earlier else (at, given)
            tell(say("site.map.ask.asked_again"))
            continue
        if interview.asked > before:
            earlier.append((at, given))
        at, given = at + 1, changed
    return given


def _site(interview: Interview, given: Answers) -> Answers:
    """Asks only where nothing says which site of the study this is."""
    if given.site is not None:
        return given
    sites = interview.study.sites
    interview.heading(say("site.map.ask.site"))
    show(("number", "site", "name"), [(str(n), id_, one.name) for n, (id_, one) in enumerate(sites.items(), 1)])
    while True:
        text = interview.answer(say("site.map.ask.which_site"))
        chosen = one_of(text, tuple(sites), "")
        if chosen:
            return with_answer(given, site=chosen)
        tell(say("site.map.ask.not_one", text=text))


def _encoding(interview: Interview, given: Answers) -> Answers:
    """Asks only where encodings show different texts. Texts in another encoding are not UTF-8 by accident."""
    candidates = interview.proposal(given).table.encodings
    shown = {candidate.example for candidate in candidates}
    if given.encoding or len(shown) < 2 or candidates[0].encoding == "utf-8-sig":
        return given
    interview.heading(say("site.map.ask.encoding"))
    titles = ("number", "encoding", "words", "example")
    rows = [(str(n), *_of_encoding(one)) for n, one in enumerate(candidates, 1)]
    show(titles, rows)
    while True:
        text = interview.answer(say("site.map.ask.which", default=candidates[0].encoding))
        names = [candidate.encoding for candidate in candidates]
        chosen = one_of(text, names, names[0])
        if chosen is not None:
            return with_answer(given, encoding=chosen)
        tell(say("site.map.ask.not_one", text=text))


def _of_encoding(candidate: EncodingCandidate) -> tuple[str, ...]:
    return candidate.encoding, str(candidate.words), " | ".join(candidate.example)


def _key(interview: Interview, given: Answers) -> Answers:
    """Always asks, unless a file has answered."""
    if given.key is not None:
        return given
    proposal = interview.proposal(given)
    interview.heading(say("site.map.ask.key"))
    titles = ("number", "column", "distinct", "rows")
    rows = [(str(n), one.column, str(one.distinct), str(one.rows)) for n, one in enumerate(proposal.keys, 1)]
    if rows:
        show(titles, rows)
    names = [one.column for one in proposal.keys]
    default, doubted = names[0] if names else NONE, ""
    while True:
        text = interview.answer(say("site.map.ask.which_key", default=default))
        if (text or default) == NONE:
            return with_answer(given, key="")
        chosen = one_of(text, names, default) or named_column(text, proposal.table.headers)
        if chosen is None:
            tell(say("site.map.ask.not_one", text=text))
        elif chosen == doubted or not _is_doubtful(interview, proposal, given, chosen):
            return with_answer(given, key=chosen)
        else:
            doubted = chosen


def _is_doubtful(interview: Interview, proposal: Proposal, given: Answers, column: str) -> bool:
    """Tells that the values of a column that is not proposed repeat: an age is no patient number."""
    if column in [one.column for one in proposal.keys]:
        return False
    _, table = interview.export.table(interview.study, given)
    counts = {text: n for text, n in table.counts(column).items() if text}
    rows, distinct = sum(counts.values()), len(counts)
    if rows == distinct:
        return False
    tell(say("site.map.ask.repeats", column=column, distinct=distinct, n=rows))
    return True
