"""A proposal as the text of a site file, with a comment wherever something is for the hospital to judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.items import Table

from riskset.catalogue import ENGLISH, Message, in_language, say
from riskset.visible_text import visible
from riskset_site.mapping.proposal import Choice, Proposal, VariableProposal

_LONGEST, _MANY = 118, 60
_OF_DATES = "dates."


def written(proposal: Proposal, language: str = ENGLISH) -> str:
    """Returns the text of `site.toml`. ValueError where it is not known which site this is, or nobody has said which
    column is the patient number (or that none is)."""
    if not proposal.site or proposal.key is None:
        raise ValueError("a site file needs the site's name, and an answer about the patient number")
    writer = _Writer(language)
    document = tomlkit.document()
    for line in writer.lines(say("site.map.file.heading")):
        document.add(tomlkit.comment(line))
    document.add("schema", tomlkit.item(1))
    document.add("study", tomlkit.item(proposal.study))
    document.add("site", tomlkit.item(proposal.site))
    if language != ENGLISH:
        document.add("language", tomlkit.item(language))
    document.add(tomlkit.nl())
    document.add("source", writer.source(proposal))
    document.add("map", writer.map(proposal))
    return tomlkit.dumps(document)


class _Writer:
    """Writes tables with comments in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def lines(self, *messages: Message) -> Iterator[str]:
        for message in messages:
            yield from map(visible, in_language(message, self.language).split("\n"))

    def source(self, proposal: Proposal) -> Table:
        """Returns [source]: the form of the export, then what holds for all columns."""
        form, table = proposal.table, tomlkit.table()
        table.add(form.kind, tomlkit.item(proposal.export))
        if not form.is_whole:
            self._comment(table, say("site.map.file.partly", n=form.rows))
        for key, value in _form(proposal):
            table.add(key, tomlkit.item(value))
        for key, value in proposal.source.items():
            self._choices(table, [one for one in proposal.open if _is_about(one, key)])
            table.add(key, _item(value))
        said = set(proposal.source)
        self._choices(
            table,
            [one for one in proposal.open if one.id.startswith(_OF_DATES) and not any(_is_about(one, k) for k in said)],
        )
        if proposal.key:
            table.add("key", tomlkit.item(proposal.key))
        else:
            self._comment(table, say("site.map.file.no_key"))
        table.add(tomlkit.nl())
        return table

    def map(self, proposal: Proposal) -> Table:
        """Returns [map]: short entries on one line, then those that need a table of their own."""
        table, longer = tomlkit.table(), []
        for one in proposal.variables:
            choices = [choice for choice in proposal.open if choice.id.startswith(f"{one.variable}.")]
            if one.entry is not None and len(_line(one)) > _LONGEST:
                longer.append((one, choices))
                continue
            self._about(table, one, choices)
            if one.entry is not None:
                table.add(one.variable, _item(one.entry))
        if proposal.unused:
            self._comment(table, say("site.map.file.unused", columns=proposal.unused[:_MANY]))
        for one, choices in longer:
            self._about(table, one, choices)
            table.add(one.variable, _long_table(one))
        return table

    def _about(self, table: Table, one: VariableProposal, choices: Iterable[Choice]) -> None:
        """Adds what is to be judged of a variable before its line."""
        if one.entry is None:
            self._comment(table, *one.notes, *_suggestions(one))
        else:
            if not one.is_sure:
                self._comment(table, say("site.map.file.unsure", variable=one.variable))
            self._comment(table, *one.notes)
            if not one.is_sure and one.others:
                self._comment(table, say("site.map.file.others", columns=one.others))
        self._choices(table, choices)

    def _choices(self, table: Table, choices: Iterable[Choice]) -> None:
        for choice in choices:
            self._comment(table, choice.question)
            for option in choice.options:
                table.add(tomlkit.comment(visible(_as_written(choice, option))))

    def _comment(self, table: Table, *messages: Message) -> None:
        for line in self.lines(*messages):
            table.add(tomlkit.comment(line))


def _form(proposal: Proposal) -> Iterator[tuple[str, Any]]:
    """Yields what [source] says of the form of the export, where it is not the default."""
    form = proposal.table
    if form.encoding and form.encoding != "utf-8-sig":
        yield "encoding", form.encoding
    if form.delimiter and form.delimiter != ",":
        yield "delimiter", form.delimiter
    if form.sheet:
        yield "sheet", form.sheet
    if form.header not in ((1,), ()):
        yield "header", list(form.header) if len(form.header) > 1 else form.header[0]
    if form.footer:
        yield "footer", form.footer


def _is_about(choice: Choice, key: str) -> bool:
    return key == "dates" and choice.id.startswith(_OF_DATES)


def _as_written(choice: Choice, option: str) -> str:
    """Returns an option as a line that the hospital can copy."""
    variable, _, key = choice.id.rpartition(".")
    if choice.id.startswith(_OF_DATES):
        return f"    dates = [..., {tomlkit.item(option).as_string()}]"
    if key == "comma":
        key, option = option, ","
    return f"    {variable} = {{ ..., {key} = {tomlkit.item(option).as_string()} }}"


def _suggestions(one: VariableProposal) -> Iterator[Message]:
    if one.suggestion is not None:
        yield say("site.map.file.perhaps", line=f"{one.variable} = {_item(one.suggestion).as_string()}")
    for column in one.others:
        line = f"{one.variable} = {tomlkit.item(column).as_string()}"
        yield say("site.map.file.perhaps", line=line)


def _item(value: Any) -> Any:  # noqa: ANN401 - any value of TOML
    """Returns a value as it is written: a table on one line."""
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    for key, inner in value.items():
        table.add(key, _item(inner))
    return table


def _line(one: VariableProposal) -> str:
    return f"{one.variable} = {_item(one.entry).as_string()}"


def _long_table(one: VariableProposal) -> Table:
    """Returns an entry as a table of its own, with each text of a recode on a line."""
    table = tomlkit.table()
    inner = {}
    assert isinstance(one.entry, Mapping)
    for key, value in one.entry.items():
        if isinstance(value, Mapping):
            inner[key] = value
        else:
            table.add(key, tomlkit.item(value))
    for key, value in inner.items():
        sub = tomlkit.table()
        for text, meaning in value.items():
            sub.add(text, tomlkit.item(meaning))
        table.add(key, sub)
    return table
