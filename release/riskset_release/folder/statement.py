"""The transfer statement: what leaves, to whom and to which countries, from where, by which rules, and who decided.

An engineering text for a lawyer or a data review board, in the form of the dossier of a study. It is made of the
release alone, and names every hospital and country of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.catalogue import Message, say
from riskset.disclosure.policy import Policy, amount_of
from riskset.disclosure.rules import LIMITS
from riskset.errors import DataError
from riskset.protocol.rule_column import LEAST_MASKED
from riskset_release.folder.deciders import auditors_of, by_withdrawer
from riskset_release.folder.released import Released, ReleasedOutput
from riskset_release.gate.curves import fewest_at_risk
from riskset_report.dossier.document import Blanks, Cell, Dossier, Group, Items, Part, Section, Table
from riskset_report.dossier.handling import NAMED, named_laws
from riskset_report.dossier.page import dossier_page
from riskset_report.dossier.protection import rules_in_words
from riskset_report.provenance import time_text


def statement_page(released: Released, language: str) -> str:
    """Returns the statement as one HTML file that prints on A4 and loads nothing. Raises DataError where the release
    names a limit of a rule that this version does not know."""
    described = released.described
    origin = described.origin
    of = {"study": origin.study, "version": origin.version}
    return dossier_page(
        Dossier(
            title=say("release.statement.title"),
            subject=origin.title_in(language),
            notice=say("release.statement.notice"),
            foot=say("release.statement.foot", run=released.run, **of),
            facts=_facts(released),
            words=say("release.statement.words"),
            sections=(
                _what(released),
                _to(released),
                _from(released),
                _rules(released),
                _decided(released),
                _personal(released),
                _withdrawal(released),
                _law(released),
            ),
        ),
        language,
    )


def _facts(released: Released) -> dict[str, str]:
    n = sum(one.is_withdrawn for one in released.outputs)
    described, origin = released.described, released.described.origin
    held = {"began": time_text(origin.began_at)[:16], "ended": time_text(origin.ended_at)[:16]}
    return {
        say("dossier.fact.study"): f"{origin.study} {origin.version}",
        say("dossier.fact.sha256"): released.study_sha256,
        say("release.statement.fact.run"): released.run,
        say("release.statement.fact.held"): say("release.statement.fact.held_from", **held),
        say("release.statement.fact.at"): time_text(described.at),
        say("release.statement.fact.program"): say(
            "release.statement.fact.versions", versions=origin.programs, program=described.program
        ),
        **({say("release.statement.fact.withdrawn"): say("release.note.some_withdrawn", n=n)} if n else {}),
    }


def _section(heading: str, *parts: Part) -> Section:
    return Section(say(f"release.statement.heading.{heading}"), parts)


def _table(columns: dict[str, int], rows: Sequence[tuple[Cell, ...]]) -> Table:
    names = tuple(say(f"release.statement.column.{name}") for name in columns)
    return Table(names, tuple(columns.values()), (Group("", tuple(rows)),))


def _what(released: Released) -> Section:
    columns = {"output": 31, "kind": 9, "files": 29, "sha256": 31}
    rows = [(_titled(one), say(f"release.kind.{one.kind}"), _names(one), one.sha256) for one in released.outputs]
    return _section(
        "what",
        say("release.statement.what.intro", n=len(rows)),
        _table(columns, rows),
        say("release.statement.what.hash"),
        say("release.statement.what.pages"),
    )


def _names(output: ReleasedOutput) -> tuple[str, ...]:
    """Returns the files of an output, those that differ in their ending on one line: `tables/os: csv, docx`."""
    endings: dict[str, list[str]] = {}
    for path in sorted(output.hashes):
        stem, _, ending = path.rpartition(".")
        endings.setdefault(stem, []).append(ending)
    return tuple(f"{stem}: {', '.join(of)}" if len(of) > 1 else f"{stem}.{of[0]}" for stem, of in endings.items())


def _titled(output: ReleasedOutput) -> tuple[str, ...]:
    marks = (say("release.note.withdrawn", by=by_withdrawer(one), reason=one.reason) for one in output.withdrawals)
    return output.title, output.id, *marks


def _to(released: Released) -> Section:
    described, onward = released.described, say("release.statement.to.onward")
    if described.is_public:
        return _section("to", say("release.statement.to.public"), onward)
    return _section(
        "to",
        say("release.statement.to.named"),
        Items(described.to),
        say("release.statement.to.countries", countries=described.countries),
        *_abroad(released),
        onward,
    )


def _abroad(released: Released) -> Iterator[Message]:
    own = {one.country for one in released.hospitals.values()}
    abroad = tuple(country for country in released.described.countries if country not in own)
    if abroad and None in own:
        yield say("release.statement.to.unclear")
    elif abroad:
        yield say("release.statement.to.abroad", countries=abroad)


def _from(released: Released) -> Section:
    not_given, not_recorded = say("release.statement.from.not_given"), say("release.statement.from.not_recorded")
    rows: list[tuple[Cell, ...]] = [
        (
            say("site.seen.named", name=one.name, site=site),
            one.country or not_given,
            time_text(one.approved_at) if one.approved_at else not_recorded,
        )
        for site, one in released.hospitals.items()
    ]
    unnamed = [one.name for one in released.hospitals.values() if one.country is None]
    blanks = Blanks(tuple(say("release.statement.from.country_of", name=name) for name in unnamed))
    return _section(
        "from",
        say("release.statement.from.intro", n=len(rows)),
        _table({"hospital": 50, "country": 22, "approved": 28}, rows),
        *((say("release.statement.from.fill_in"), blanks) if unnamed else ()),
    )


def _rules(released: Released) -> Section:
    rules = released.described.origin.rules
    k = rules.min_cell
    small = say("release.statement.rules.small", k=k, most=k - 1)
    held_back = (small, *(say(f"release.statement.rules.{code}") for code in ("follows", "few", "never")))
    return _section(
        "rules",
        say("release.statement.rules.gate"),
        Items(held_back),
        say("release.statement.rules.curves", least=fewest_at_risk(k)),
        say("release.statement.rules.hospitals"),
        rules_in_words(_policy(released)),
        _masked(released),
        *_exceptions(released),
    )


def _policy(released: Released) -> Policy:
    rules = released.described.origin.rules
    if unknown := rules.limits.keys() - LIMITS.keys():
        raise DataError(say("rules.policy.names", names=tuple(sorted(unknown))))
    values = {name: amount_of(name, text) for name, text in rules.limits.items()}
    return Policy(rules.column, rules.min_cell, values)


def _masked(released: Released) -> Message:
    if not released.described.origin.rules.is_masked:
        return say("release.statement.rules.clear")
    if len(released.hospitals) < LEAST_MASKED:
        return say("release.statement.rules.two")
    return say("release.statement.rules.masked")


def _exceptions(released: Released) -> Iterator[Part]:
    signed = released.described.origin.rules.exceptions
    if not signed:
        yield say("release.statement.rules.no_exceptions")
        return
    yield say("release.statement.rules.exceptions")
    sites: dict[tuple[str, str], list[str]] = {}
    for one in signed:
        sites.setdefault((one.limit, one.value), []).append(one.site)
    yield Items(
        tuple(
            say("release.statement.rules.exception", limit=limit, value=value, sites=tuple(of))
            for (limit, value), of in sites.items()
        )
    )


def _decided(released: Released) -> Section:
    n = len(released.outputs)
    rows: list[tuple[Cell, ...]] = []
    for one in auditors_of(released):
        all_of_them = len(one.outputs) == n
        accepted: Cell = say("release.statement.decided.all", n=n) if all_of_them else one.outputs
        rows.append((one.name, one.words, one.days, accepted))
    exceptions = [
        say("release.statement.decided.exception", output=one.id, reason=vote.reason, name=vote.name)
        for one in released.outputs
        for vote in one.votes
        if vote.decision == "exception"
    ]
    return _section(
        "decided",
        say("release.statement.decided.intro", n=released.accepts),
        _table({"auditor": 20, "words": 32, "signed": 15, "accepted": 33}, rows),
        *((say("release.statement.decided.exceptions"), Items(tuple(exceptions))) if exceptions else ()),
    )


def _personal(released: Released) -> Section:
    small = say("release.statement.personal.small", most=released.described.origin.rules.min_cell - 1)
    row, identity = say("release.statement.personal.row"), say("release.statement.personal.identity")
    others = (say(f"release.statement.personal.{code}") for code in ("people", "not_found"))
    return _section("personal", Items((row, identity, small, *others)), say("release.statement.personal.law"))


def _withdrawal(released: Released) -> Section:
    cannot = tuple(
        say(f"release.statement.withdrawal.{code}") for code in ("copies", "citations", "earlier", "knowledge")
    )
    withdrawn = tuple(
        say("release.statement.withdrawal.one", output=output.id, by=by_withdrawer(one), reason=one.reason)
        for output in released.outputs
        for one in output.withdrawals
    )
    some = (say("release.statement.withdrawal.some"), Items(withdrawn))
    return _section(
        "withdrawal",
        say("release.statement.withdrawal.can"),
        Items(cannot),
        *(some if withdrawn else (say("release.statement.withdrawal.none"),)),
    )


def _law(released: Released) -> Section:
    questions = ("information", "transfer", "staff", "agreement")
    return _section(
        "law",
        say("dossier.law.intro"),
        Items(tuple(_laws(released))),
        Items(tuple(say(f"release.statement.law.{code}") for code in questions)),
        Blanks((say("dossier.law.read"), say("dossier.law.remarks"))),
    )


def _laws(released: Released) -> Iterator[Message]:
    of_hospitals = [one.country for one in released.hospitals.values()]
    countries = {country for country in (*of_hospitals, *released.described.countries) if country}
    yield from named_laws(countries)
    if others := tuple(sorted(countries - NAMED.keys())):
        yield say("release.statement.law.other", countries=others)
    if None in of_hospitals:
        yield say("release.statement.law.unknown")
    if released.described.is_public:
        yield say("release.statement.law.public")
