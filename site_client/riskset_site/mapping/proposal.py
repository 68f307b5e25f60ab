"""A proposal for a site file, as plain values: what a page or a terminal shows, and what is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message
from riskset_site.data.width import in_one_width
from riskset_site.mapping.first_look import EncodingCandidate
from riskset_site.mapping.levels import TextMeaning


@dataclass(frozen=True)
class Choice:
    """Something that only the hospital knows. Until it is answered, the site file has it as a comment."""

    id: str
    """As in the answers: `dates.order`, `afp.below_limit`."""
    question: Message
    options: tuple[str, ...]
    """As the site file writes them."""
    examples: tuple[str, ...] = ()
    """What a text is under each option, where that can be shown."""
    chosen: str | None = None
    proposed: str | None = None
    """The option that is meant by no other answer, where a person was shown it."""
    is_factor: bool = False
    """True where any positive number may be chosen."""


@dataclass(frozen=True)
class VariableProposal:
    """Where one variable of the study is."""

    variable: str
    label: str
    kind: str
    """`number`, `boolean`, `category` or `date`."""
    required: bool
    entry: str | Mapping[str, Any] | None
    """What [map] says: the name of a column, or a table; None where that is not sure."""
    columns: tuple[str, ...] = ()
    """The columns in which it is, or probably is."""
    is_sure: bool = True
    """False where the name only resembles, or not all texts fit, and nobody has accepted it."""
    others: tuple[str, ...] = ()
    """Columns that it may be instead, the best first."""
    texts: tuple[TextMeaning, ...] = ()
    """Of a category or boolean every text, the most frequent first; of a number or date those that are none."""
    example: tuple[str, ...] = ()
    """A few texts of the column."""
    notes: tuple[Message, ...] = ()
    """What to look at."""
    suggestion: str | Mapping[str, Any] | None = None
    """What [map] would say with what is not sure, "..." where nobody knows; it is written as a comment."""

    @property
    def unknown(self) -> tuple[TextMeaning, ...]:
        """The texts of which nobody knows what they mean."""
        return tuple(one for one in self.texts if one.meaning is None)

    @property
    def undecided(self) -> tuple[str, ...]:
        """The texts whose meaning nobody knows or has confirmed, as they are shown, where it is left as a comment."""
        if self.suggestion is None:
            return ()
        return tuple(one.shown for one in self.texts if not one.is_sure)


@dataclass(frozen=True)
class KeyCandidate:
    """A column that may be the patient number."""

    column: str
    distinct: int
    rows: int
    """With a text in this column."""

    @property
    def is_unique(self) -> bool:
        return self.distinct == self.rows


@dataclass(frozen=True)
class TableProposal:
    """How the export is written."""

    kind: str
    """The key of [source] that names it: `csv`, `excel`."""
    keys: Mapping[str, Any]
    """What [source] says of its form: `encoding`, `delimiter`, `sheet`, `header`, `footer`, where they are not the
    defaults."""
    encodings: tuple[EncodingCandidate, ...]
    """The best first; none where the kind of file needs none."""
    encoding: str
    """Empty where the kind of file needs none."""
    is_encoding_answered: bool
    sheets: tuple[str, ...]
    """Those of a workbook, where several have rows."""
    sheet: str
    """Empty where nothing needs to be said of it."""
    alike_sheets: tuple[str, ...]
    """Other sheets with the same columns, whose rows are not read."""
    header: tuple[int, ...]
    """The row of the names, or two rows of them; none where the kind of file has no such rows."""
    footer: int
    """Rows at the end that are no patients."""
    left_out: tuple[str, ...]
    """The rows of the footer, each as one text."""
    headers: tuple[str, ...]
    rows: int
    """Of patients, or of their visits."""


@dataclass(frozen=True)
class Proposal:
    """A whole proposal. Nothing in it leaves the hospital."""

    study: str
    site: str
    """Empty where nothing says which of the study's sites this is."""
    export: str
    """The path as the site file writes it."""
    table: TableProposal
    variables: tuple[VariableProposal, ...]
    keys: tuple[KeyCandidate, ...]
    """The best first."""
    key: str | None
    """As answered; None where it is not."""
    source: Mapping[str, Any]
    """Further lines of [source]: `missing`, `dates`, `no_date`, `decimal`, `rows` and others."""
    choices: tuple[Choice, ...]

    @property
    def is_encoding_doubtful(self) -> bool:
        """True where nobody has named the encoding, and another one shows other texts and as many known words. UTF-8 is
        never doubtful: texts in another encoding are not UTF-8 by accident."""
        first, *more = self.table.encodings or (None,)
        if first is None or first.encoding == "utf-8-sig" or self.table.is_encoding_answered:
            return False
        return any(one.words == first.words and one.example != first.example for one in more)

    @property
    def open(self) -> tuple[Choice, ...]:
        """The choices that nobody has made."""
        return tuple(choice for choice in self.choices if choice.chosen is None)

    @property
    def unused(self) -> tuple[str, ...]:
        """The columns of the export that nothing is read from."""
        used = {column for one in self.variables for column in one.columns} | {self.key}
        used |= set(self.source.get("rows", {}).values())
        return tuple(header for header in self.table.headers if header and header not in used)

    @property
    def unread(self) -> tuple[str, ...]:
        """The variables that nothing is read for: without a line, and without a column of their own name, which the
        reader takes where no line says another."""
        headers = set(map(in_one_width, self.table.headers))
        without = (one.variable for one in self.variables if one.entry is None)
        return tuple(name for name in without if in_one_width(name) not in headers)

    def of(self, variable: str) -> VariableProposal:
        """Returns the proposal of one variable."""
        return next(one for one in self.variables if one.variable == variable)
