"""What a proposal is made of: the study, the table of the export, and what a person has answered so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from riskset.study.spec import DateEndpoint, Study
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.columns import ColumnMatch, assigned, certainty_of, matches
from riskset_site.mapping.contents import contents_of
from riskset_site.mapping.export_table import Table
from riskset_site.mapping.words import column_words

_LIKELY = 0.5


@dataclass(frozen=True)
class Draft:
    """A proposal in the making."""

    study: Study
    table: Table
    answers: Answers
    today: date

    def counts(self, header: str) -> Mapping[str, int]:
        """Returns the column's texts with the number of their rows, the most frequent first."""
        return self.table.counts(header)

    @cached_property
    def contents(self) -> Mapping[str, tuple[str, ...]]:
        return contents_of(self.study)

    @cached_property
    def matches(self) -> Mapping[str, tuple[ColumnMatch, ...]]:
        """By variable the columns that it may be in, the best first."""
        return matches(self.study, self.table)

    @cached_property
    def assigned(self) -> Mapping[str, str]:
        """The column of each variable that has one: as answered, else as it is proposed."""
        answered = {name: said for name, said in self.answers.columns.items() if said and isinstance(said, str)}
        used = {*answered.values(), *(column for of in self.answers.boxes.values() for column in of)}
        open_ = {name: of for name, of in self.matches.items() if name not in self.answers.columns}
        free = {name: [match for match in of if match.column not in used] for name, of in open_.items()}
        return {**{name: match.column for name, match in assigned(free).items()}, **answered}

    def column_with(self, contents: Iterable[str], taken: Iterable[str] = ()) -> str | None:
        """Returns the column whose name or label is the likeliest for one of the contents; None where none is."""
        names = {word: 1.0 for content in contents for word in column_words()[content]}
        free = [header for header in self.table.headers if header and header not in set(taken)]
        likely = {header: certainty_of(self.table.called(header), names) for header in free}
        found = max(free, key=likely.__getitem__, default=None)
        return found if found is not None and likely[found] >= _LIKELY else None

    @property
    def date_endpoints(self) -> tuple[DateEndpoint, ...]:
        return tuple(one for one in self.study.endpoints.values() if isinstance(one, DateEndpoint))
