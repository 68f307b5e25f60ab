"""What a study asks: purpose and population, hospitals, variables, and what no message has."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset.study.in_words import populations, questions
from riskset.study.spec import BooleanVariable, CategoryVariable, NumberVariable, Study, Variable
from riskset_report.dossier.document import Blanks, Items, Section, section, table


def purpose(study: Study) -> Section:
    """Returns what is computed, and on which patients, as a hospital's review says it."""
    notice = study.header.notice
    return section(
        "purpose",
        *([say("dossier.purpose.notice", notice=notice)] if notice else []),
        say("dossier.purpose.patients"),
        Items(populations(study)),
        say("dossier.purpose.computed"),
        Items(questions(study)),
    )


def parties(study: Study) -> Section:
    """Returns the hospitals with their countries, and lines for those whom the study file does not name."""
    unknown = say("dossier.parties.country_not_given")
    rows = [
        (say("site.seen.named", name=of.name, site=site), of.country or unknown) for site, of in study.sites.items()
    ]
    least = min(study.disclosure.min_sites, len(study.sites))
    return section(
        "parties",
        say("dossier.parties.hospitals", n=len(study.sites)),
        table({"site": 70, "country": 30}, rows),
        say("dossier.parties.roster", least=least),
        say("dossier.parties.others"),
        Blanks(tuple(say(f"dossier.parties.{who}") for who in ("coordinator", "server", "auditor"))),
    )


def variables(study: Study) -> Section:
    """Returns each variable: name, label, values, and whether it is read or computed."""
    rows = [(name, of.label, _values(of), _source(study, name)) for name, of in study.variables.items()]
    return section("variables", table({"name": 18, "label": 27, "values": 30, "source": 25}, rows))


def _values(variable: Variable) -> Message:
    match variable:
        case NumberVariable(unit=unit, range=(low, high)):
            ends = {"low": f"{low:.15g}", "high": f"{high:.15g}"}
            return (
                say("dossier.variable.number_of", unit=unit, **ends) if unit else say("dossier.variable.number", **ends)
            )
        case BooleanVariable():
            return say("dossier.variable.boolean")
        case CategoryVariable(levels=levels):
            return say("dossier.variable.category", levels=levels)
        case _:
            return say("dossier.variable.date")


def _source(study: Study, name: str) -> Message:
    if name in study.derivations:
        return say("dossier.variable.derived", how=study.derivations[name].in_words)
    return say("dossier.variable.read") if study.variables[name].required else say("dossier.variable.optional")


def never(study: Study) -> Section:
    """Returns what a hospital's program does not read, and what it does not send."""
    items = tuple(_never(study))
    return section(
        "never", say("dossier.never.read"), say("dossier.never.intro"), Items(items), say("dossier.never.sums")
    )


def _never(study: Study) -> Iterator[Message]:
    yield say("dossier.never.row")
    yield say("dossier.never.number")
    yield say("dossier.never.date", n=study.time.grid.width_days)
    if study.propensity is not None:
        yield say("dossier.never.score")
    yield say("dossier.never.program")
