"""Who receives what, in which form, and in which country."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.study.spec import Study
from riskset_report.dossier.document import Cell, Section, section, table
from riskset_report.dossier.limits import read_by_others

_COLUMNS = {"what": 32, "from": 14, "to": 29, "form": 25}


def transfers(study: Study) -> Section:
    """Returns each kind of message with its recipients, and what a hospital states in it."""
    return section(
        "transfers",
        say("dossier.transfer.intro"),
        table(_COLUMNS, tuple(_rows(study))),
        say("site.seen.opening"),
    )


def countries_of(study: Study) -> tuple[str, ...]:
    """Returns the countries of the hospitals, each once; that one is not known, where the study does not name it."""
    unknown = say("dossier.parties.country_not_given")
    return tuple(dict.fromkeys(of.country or unknown for of in study.sites.values()))


def _rows(study: Study) -> Iterator[tuple[Cell, ...]]:
    countries = countries_of(study)
    coordinator, hospital = say("dossier.transfer.coordinator"), say("dossier.transfer.hospital")
    others = say("dossier.transfer.hospitals", countries=countries)
    both = say("dossier.transfer.both", first=coordinator, second=others)
    form = say(f"dossier.transfer.numbers_{read_by_others(study)}")
    yield say("dossier.transfer.numbers"), hospital, both, form
    for kind in _in_clear(study):
        yield say(f"dossier.transfer.{kind}"), hospital, both, say(f"dossier.transfer.{kind}_form")
    auditor, every = say("dossier.transfer.auditor"), say("dossier.transfer.every_hospital", countries=countries)
    readers, alone = say("dossier.transfer.readers"), say("dossier.transfer.coordinator_alone")
    yield say("dossier.transfer.totals"), alone, (every, auditor), say("dossier.transfer.totals_form")
    yield say("dossier.transfer.opened"), hospital, auditor, say("dossier.transfer.opened_form")
    yield say("dossier.transfer.results"), alone, readers, say("dossier.transfer.results_form")


def _in_clear(study: Study) -> Iterator[str]:
    """Yields what goes the same way as the numbers, and is never masked."""
    yield from ("stated", "opening")
    if tells_alone(study):
        yield "alone"
    yield from ("joining", "ledgers")


def tells_alone(study: Study) -> bool:
    """Whether the study asks hospitals for estimates of their own."""
    return any(analysis.exposure.alone for analysis in plan(study).reported)
