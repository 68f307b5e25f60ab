"""A proposal as the text of a site file, with a comment wherever something is for the hospital to judge."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import tomlkit
from tomlkit.items import Key, KeyType, SingleKey, Table

from riskset.catalogue import ENGLISH, Message, in_language, say
from riskset.visible_text import LINE, unseen, visible
from riskset_site.data.value_kinds import read_number
from riskset_site.data.width import seen_signs
from riskset_site.mapping.proposal import Choice, Proposal, VariableProposal

_LONGEST, _MANY = 118, 60
_OF_OURS = re.compile(r"[a-z]+(_[a-z]+)*")
_OF_DATES = "dates."


def written(proposal: Proposal, language: str = ENGLISH) -> str:
    """Returns the text of `site.toml`. ValueError where it is not known which site this is, or nobody has said which
    column is the patient number (or that none is)."""
    if not proposal.site or proposal.key is None:
        raise ValueError("a site file needs the site's name, and an answer about the patient number")
    proposal, writer = _in_seen_signs(proposal), _Writer(language)
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


def _in_seen_signs(proposal: Proposal) -> Proposal:
    """Returns the proposal without the signs that nobody sees: a site file has none, and texts are compared without."""
    variables = (replace(one, entry=_seen(one.entry), suggestion=_seen(one.suggestion)) for one in proposal.variables)
    return replace(proposal, source=_seen(proposal.source), variables=tuple(variables))


def _seen(value: Any) -> Any:  # noqa: ANN401 - any value of TOML
    if isinstance(value, str):
        return seen_signs(value) if unseen(value, LINE) else value
    if isinstance(value, Mapping):
        return {_seen(key): _seen(inner) for key, inner in value.items()}
    return list(dict.fromkeys(map(_seen, value))) if isinstance(value, list | tuple) else value


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
        if form.alike_sheets:
            self._comment(table, say("site.map.file.alike_sheets", sheets=form.alike_sheets))
        for key, value in form.keys.items():
            table.add(key, tomlkit.item(value))
        for key, value in proposal.source.items():
            if key == "two_digit_years":
                self._comment(table, say("site.map.file.two_digit_years", first=value, last=value + 99))
            table.add(key, _item(value))
        formats = list(proposal.source.get("dates", ()))
        for choice in proposal.open:
            if choice.id.startswith(_OF_DATES):
                self._choice(table, choice, [("dates", [*formats, option]) for option in choice.options])
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
            if isinstance(one.entry, Mapping) and len(_line(one)) > _LONGEST:
                longer.append((one, one.entry, choices))
                continue
            self._about(table, one, choices)
            if one.entry is not None:
                table.add(one.variable, _item(one.entry))
        if proposal.unused:
            self._comment(table, say("site.map.file.unused", columns=proposal.unused[:_MANY]))
        for one, entry, choices in longer:
            self._about(table, one, choices)
            table.add(one.variable, _long_table(entry))
        return table

    def _about(self, table: Table, one: VariableProposal, choices: Collection[Choice]) -> None:
        """Adds what is to be judged of a variable before its line."""
        if one.columns and not one.is_sure:
            self._comment(table, say("site.map.file.unsure", variable=one.variable))
        by_choice = any(choice.is_factor and choice.options for choice in choices)
        self._comment(table, *one.notes, *(() if by_choice else _suggestions(one)))
        for choice in choices:
            lines = [(one.variable, _with_option(one, choice, option)) for option in choice.options]
            self._choice(table, choice, lines)

    def _choice(self, table: Table, choice: Choice, lines: Iterable[tuple[str, Any]]) -> None:
        """Adds a question, and a line for each answer that takes the place of the line of this name."""
        self._comment(table, choice.question)
        for key, value in lines:
            table.add(tomlkit.comment(visible(f"    {key} = {_item(value).as_string()}")))

    def _comment(self, table: Table, *messages: Message) -> None:
        for line in self.lines(*messages):
            table.add(tomlkit.comment(line))


def _with_option(one: VariableProposal, choice: Choice, option: str) -> Mapping[str, Any]:
    """Returns the entry as it would be with one option of a choice."""
    key = choice.id.rpartition(".")[2]
    entry = one.entry if one.entry is not None else one.suggestion or {}
    table = {"column": entry} if isinstance(entry, str) else dict(entry)
    if key == "comma":
        return {**table, option: ","}
    if key == "where":
        return {**table, "where": {column: [option] for column in table["where"]}}
    if key == "factor":
        return {**table, key: read_number(option)}
    return {**table, key: option}


def _suggestions(one: VariableProposal) -> Iterator[Message]:
    if one.suggestion is not None:
        yield say("site.map.file.perhaps", line=f"{one.variable} = {_item(one.suggestion).as_string()}")
    for column in one.others if one.entry is None else ():
        line = f"{one.variable} = {tomlkit.item(column).as_string()}"
        yield say("site.map.file.perhaps", line=line)


def _item(value: Any) -> Any:  # noqa: ANN401 - any value of TOML
    """Returns a value as it is written: a table on one line."""
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    for key, inner in value.items():
        table.add(_key(key), _item(inner))
    return table


def _key(text: str) -> Key:
    """Returns a key in quotation marks where it may be a text of the export: a 2 without them looks like a number."""
    return tomlkit.key(text) if _OF_OURS.fullmatch(text) else SingleKey(text, t=KeyType.Basic)


def _line(one: VariableProposal) -> str:
    return f"{one.variable} = {_item(one.entry).as_string()}"


def _long_table(entry: Mapping[str, Any]) -> Table:
    """Returns an entry as a table of its own, with each text of a recode on a line."""
    table = tomlkit.table()
    inner = {}
    for key, value in entry.items():
        if isinstance(value, Mapping):
            inner[key] = value
        else:
            table.add(key, tomlkit.item(value))
    for key, value in inner.items():
        sub = tomlkit.table()
        for text, meaning in value.items():
            sub.add(_key(text), tomlkit.item(meaning))
        table.add(key, sub)
    return table
