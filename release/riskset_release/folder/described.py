"""What the pages of a release say beside what is signed: where it comes from, to whom it goes, by which rules.

It is in proof.json, from which the pages are written again when an output is withdrawn; nobody signs it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from riskset.catalogue import languages, say
from riskset.errors import DataError
from riskset.visible_text import unseen
from riskset_release.outputs import OutputKind

PUBLIC: Final[tuple[str, ...]] = ()
"""Recipients of a release that is for everybody."""


def _visible(text: str) -> str:
    if unseen(text):
        raise ValueError("a sign that cannot be seen")
    return text


def _known(language: str) -> str:
    if language not in languages():
        raise ValueError("no catalogue for the language")
    return language


Line = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_visible)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Language = Annotated[str, AfterValidator(_known)]


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Hospital(_Described):
    """A hospital that took part, as the study file names it."""

    name: Line
    country: Country | None
    """None where the study file does not say it."""
    approved_at: Line | None
    """When it signed its approval of the study: UTC, ISO 8601, by its clock; None of a run before approvals."""


class Exceptional(_Described):
    """A limit that a hospital accepted looser than the default."""

    site: Line
    limit: Line
    value: Line


class Rules(_Described):
    """The disclosure rules of the run, as its participants stated them."""

    column: Literal["pooled", "local"]
    min_cell: int
    limits: dict[str, Line]
    """In force, by their full names, fractions as `1/5`."""
    is_masked: bool
    exceptions: tuple[Exceptional, ...]


class Origin(_Described):
    """Study and run that the outputs come from."""

    study: Line
    version: Line
    titles: dict[str, Line]
    """By language."""
    hospitals: dict[str, Hospital]
    """Those that took part, by site."""
    began_at: Line
    ended_at: Line
    programs: tuple[Line, ...]
    """Versions of riskset at the hospitals."""
    rules: Rules

    def title_in(self, language: str) -> str:
        """Returns the title in the language, else in English, else in its first one."""
        return self.titles.get(language) or self.titles.get("en") or next(iter(self.titles.values()))


class Decided(_Described):
    """Who had to decide."""

    accepts: int
    """So many auditors had to accept an output."""
    requesters: tuple[Line, ...]
    """Auditors who wrote or requested the analysis, and did not vote."""
    veto_until: Line | None
    """The last day of hospitals' vetoes; None where every veto counts."""
    study: Decided | None
    """The least that the study file asks; None where it says nothing, and in itself."""


class Titled(_Described):
    """An output as people name it."""

    title: Line
    kind: OutputKind
    by_exception: tuple[Line, ...] = ()
    """The rules that let it pass as an exception only."""


class Described(_Described):
    """All of it."""

    origin: Origin
    at: Line
    """When it was released: UTC, ISO 8601."""
    language: Language
    """Of the note and the index."""
    program: Line
    """The version of riskset that wrote the release."""
    to: tuple[Line, ...]
    """Recipients; PUBLIC for everybody."""
    countries: tuple[Country, ...]
    """Of the recipients."""
    decided: Decided
    outputs: dict[str, Titled]
    """By id."""

    @property
    def is_public(self) -> bool:
        return self.to == PUBLIC

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def read_described(content: object) -> Described:
    """Inverse of `Described.to_json`. Raises DataError where it is malformed."""
    try:
        return Described.model_validate_json(json.dumps(content))
    except (ValidationError, TypeError, ValueError):
        raise DataError(say("release.folder.described"), say("release.folder.described_hint")) from None


class Recipients(_Described):
    """To whom a release goes."""

    to: tuple[Line, ...] = PUBLIC
    countries: tuple[Country, ...] = ()


def recipients_of(to: Sequence[str], countries: Sequence[str]) -> Recipients:
    """Returns the recipients that somebody typed; without any, everybody. Raises DataError where a name is empty or
    cannot be printed, a country is no code of two letters, or one is given without the other: a statement that names
    recipients names their countries."""
    if to and not countries:
        raise DataError(say("release.to.no_country"), say("release.to.country_hint"))
    if countries and not to:
        raise DataError(say("release.to.nobody"), say("release.to.nobody_hint"))
    try:
        names = tuple(dict.fromkeys(" ".join(name.split()) for name in to))
        return Recipients(to=names, countries=tuple(dict.fromkeys(countries)))
    except ValidationError:
        raise DataError(say("release.to.form"), say("release.to.country_hint")) from None
