"""A review as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from riskset.catalogue import Message, say
from riskset.disclosure.rules import LIMITS, RuleColumn
from riskset.error_pages import with_code
from riskset.errors import Problem
from riskset_site.consent.preview import IN_THE_RUN, STAYS_OUT, Round, Verdict
from riskset_site.consent.review import LimitInForce, Method, Party, Review
from riskset_site.pages import Folded, Page, PagePart, PageSection, PageTable
from riskset_site.pages.page import number
from riskset_site.pages.tables import bound, numbers, table, verdict_word

_JUDGED = ("rule", "subject", "here", "limit", "margin", "verdict")


def review_page(review: Review) -> Page:
    """Returns the page that a committee reads. It contains this site's own numbers."""
    facts = {
        "study": review.title,
        "study_sha256": review.study_sha256,
        "roster_sha256": review.roster_sha256,
        "coordinator": review.coordinator,
        "methods": methods_sentence(review.methods),
        "approval": review.standing,
    }
    return Page(
        title=say("site.review.title", site=review.site, study=review.study, version=review.version),
        facts={say(f"site.review.fact.{name}"): fact for name, fact in facts.items()},
        sections=list(_sections(review)),
        warnings=[*review.ends, *_doubts(review), *_failing(review)],
        footer=say("site.review.footer"),
    )


def methods_sentence(methods: Sequence[Method]) -> Message:
    """Returns which installed methods come from other packages than riskset, and whether the study uses them."""
    others = [method for method in methods if not method.is_own]
    if not others:
        return say("site.review.own_methods")
    return say("site.review.other_methods", methods=tuple(map(_method, others)))


def _method(method: Method) -> Message:
    if method.is_asked:
        return say("site.review.method_used", kind=method.kind, package=method.package)
    return say("site.review.method_not_used", kind=method.kind, package=method.package)


def _sections(review: Review) -> Iterator[PageSection]:
    if review.changes:
        yield _section("changes", review.changes)
    yield _section("questions", review.questions)
    yield _section("populations", review.populations, *_patients(review))
    yield _section("parties", _parties(review), say("site.review.compare_keys"))
    yield _section("seen", review.seen)
    if review.alone:
        yield _section("alone", say("site.review.leaving.intro"), review.alone)
    if review.told:
        yield _section("told", review.told)
    if review.decided_by:
        yield _section("decided_by", review.decided_by)
    yield _section("verdicts", *_verdicts(review))
    yield _section("numbers", *_rounds(review))
    yield _section("limits", _limits(review))


def _section(heading: str, *parts: PagePart) -> PageSection:
    return PageSection(say(f"site.review.heading.{heading}"), list(parts))


def _doubts(review: Review) -> Iterator[Message]:
    """What is probably wrong with the data that an approval would cover."""
    doubts = tuple(dict.fromkeys(_doubt(one) for one in review.check.warnings))
    if doubts:
        yield say("site.review.doubts", doubts=doubts)


def _doubt(warning: Problem) -> Message:
    said = say("data.page.problem", where=warning.where, message=warning.message)
    return with_code(said, warning.message)


def _failing(review: Review) -> Iterator[Message]:
    """What this site would refuse. In a run it sends a flag, and nobody learns which site sent it."""
    failing = _not_passing(review)
    if any(verdict.finding.limit_name == STAYS_OUT for verdict in failing):
        yield say("site.review.stays_out")
    rest = [verdict for verdict in failing if verdict.finding.limit_name != STAYS_OUT]
    analyses = tuple(dict.fromkeys(verdict.analysis for verdict in rest))
    rules = tuple(dict.fromkeys(verdict.finding.rule for verdict in rest))
    if rest:
        yield say("site.review.would_refuse", n=len(rules), analyses=analyses, rules=rules)


def _patients(review: Review) -> Iterator[PagePart]:
    check = review.check
    if check.steps:
        rows = [(s.label, str(s.excluded), str(s.undecided), str(s.remaining)) for s in check.steps]
        columns = ("rule", "not_met", "unknown", "remaining")
        yield table(columns, rows, columns[1:], say("site.review.patients", n=check.rows))
    endpoints = [
        (one.endpoint, str(one.no_follow_up), str(one.incomplete), str(one.rows), str(one.events))
        for one in check.endpoints
    ]
    figures = ("no_follow_up", "incomplete", "analysed", "events")
    yield table(("endpoint", *figures), endpoints, figures, say("site.review.heading.endpoints"))


def _parties(review: Review) -> PageTable:
    return table(("site", "country", "words", "telephone", "irb", "key"), [_party(party) for party in review.parties])


def _party(party: Party) -> tuple[str, ...]:
    none, irb = say("site.review.not_given"), party.irb
    if irb and party.irb_until:
        irb = say("site.review.irb_until", irb=irb, until=party.irb_until)
    name = say("site.seen.named", name=party.name, site=party.site)
    return name, party.country, party.words, party.telephone or none, irb or none, party.known


def _verdicts(review: Review) -> Iterator[PagePart]:
    yield say("site.review.nearest", in_the_run=verdict_word(IN_THE_RUN))
    yield _verdict_table(review, review.preview.worst.values())
    if remedies := tuple(_remedies(review)):
        yield say("site.review.would_pass")
        yield remedies
    summary = say("site.review.all_figures", n=len(review.preview.verdicts))
    yield Folded(summary, _verdict_table(review, review.preview.verdicts))
    yield say("site.review.between_sites")


def _verdict_table(review: Review, verdicts: Iterable[Verdict]) -> PageTable:
    rows = [_verdict(verdict, review.column) for verdict in verdicts]
    return table(_JUDGED, rows, ("here", "limit", "margin"))


def _verdict(verdict: Verdict, column: RuleColumn) -> tuple[str, ...]:
    found = verdict.finding
    limit = LIMITS[found.limit_name]
    passes = bound(limit, number(found.limit))
    return (
        f"{found.rule} {found.limit_name.partition('.')[2].replace('_', ' ')}",
        found.subject,
        number(found.value),
        say("site.review.zero_or", limit=passes) if column in limit.or_zero else passes,
        number(found.margin),
        verdict_word(verdict.verdict),
    )


def _remedies(review: Review) -> Iterator[Message]:
    """Each remedy once, after the rule and what does not pass."""
    subjects: dict[tuple[str, str], dict[str, None]] = {}
    for verdict in _not_passing(review):
        found = verdict.finding
        subjects.setdefault((found.rule, found.remedy), {})[found.subject] = None
    for (rule, remedy), names in subjects.items():
        yield say("site.review.remedy", rule=rule, subjects=tuple(names), remedy=remedy)


def _not_passing(review: Review) -> list[Verdict]:
    return [verdict for verdict in review.preview.verdicts if verdict.verdict in ("review", "fail")]


def _rounds(review: Review) -> Iterator[PagePart]:
    rounds = review.preview.rounds
    total = numbers(sum(round_.size for round_ in rounds))
    yield say("site.review.alone")
    yield _opened(review)
    yield say("site.review.total", numbers=total, rounds=say("site.count.rounds", n=len(rounds)))
    yield table(("requested_by", "reveals"), list(_reveals(review)))
    for at, round_ in enumerate(rounds, start=1):
        rows = [
            (id_, label, number(value))
            for id_, labels, values in round_.numbers
            for label, value in zip(labels, values, strict=True)
        ]
        summary = say("site.review.round", round=at, phase=_phase(round_), numbers=numbers(len(rows)))
        yield Folded(summary, table(("requested_by", "number", "here"), rows, ("here",)))


def _opened(review: Review) -> Message:
    """How many numbers models and tables open, against what the patients consist of (R5)."""
    opened = review.preview.opened
    limit = next(one for one in review.limits if one.limit == "R5.opened")
    return say(
        f"site.review.opened.{review.column}",
        numbers=numbers(opened.numbers),
        patients=opened.patients,
        columns=opened.columns,
        before=numbers(opened.before),
        share=number((opened.numbers + opened.before) / max(opened.patients * opened.columns, 1)),
        limit=limit.own or limit.default,
    )


def _reveals(review: Review) -> Iterator[tuple[str, str]]:
    """Each sentence once, after what requests the numbers."""
    requesting = dict.fromkeys(id_ for round_ in review.preview.rounds for id_, _, values in round_.numbers if values)
    by_sentence: dict[str, list[str]] = {}
    for id_ in requesting:
        by_sentence.setdefault(review.reveals.get(id_, ""), []).append(id_)
    for sentence, ids in by_sentence.items():
        more = len(ids) - 1
        yield say("site.review.and_more", first=ids[0], n=more) if more else ids[0], sentence


def _phase(round_: Round) -> Message:
    return say(f"site.review.phase.{round_.phase.rpartition('/')[2]}")


def _limits(review: Review) -> PageTable:
    rows = [(one.limit, one.means, _bound(one), _own(one)) for one in review.limits]
    return table(("limit", "limited", "study_limit", "own_limit"), rows)


def _bound(limit: LimitInForce) -> Message:
    return say(f"rules.bound.{limit.direction.replace(' ', '_')}", limit=limit.default)


def _own(limit: LimitInForce) -> str:
    if not limit.reason:
        return limit.own
    return say("site.review.by_exception", value=limit.own, reason=limit.reason)
