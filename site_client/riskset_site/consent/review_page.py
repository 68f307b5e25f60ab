"""A review as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.disclosure.rules import LIMITS, RuleColumn
from riskset_site.consent.preview import IN_THE_RUN, STAYS_OUT, Round, Verdict
from riskset_site.consent.review import InForce, Method, Review
from riskset_site.pages import Folded, Page, PagePart, PageSection, PageTable
from riskset_site.pages.page import count, number

_PHASES = {
    "first": "the models, at coefficients of 0",
    "later": "the models, at the next coefficients",
    "close": "the curves, in the reply to the closing message",
}
_ALONE = (
    "These numbers are worked out on this site's own rows, as if it were alone. Those of admission are the very "
    "numbers that would be sent; those of the models are at the coefficients to which this site's rows alone lead, "
    "where a run goes by the rows of all sites. In front of every round's numbers stands one 0 for each analysis, or "
    "noise where this site refuses it."
)
_OF_SITES = (
    "How many sites contribute (R12), which sites took part in earlier runs (R13) and how many patients have changed "
    "since (R14) is judged in the run."
)
_NEAREST = (
    "Each line is the figure nearest to its limit. A margin is how far it is inside; a negative one, how far outside. "
    f"'{IN_THE_RUN}' means that this site's part alone does not reach the limit and other sites' patients decide."
)


def review_page(review: Review) -> Page:
    """Returns the page that a committee reads. It holds this site's own numbers."""
    return Page(
        title=f"{review.site}: what the study {review.study} {review.version} asks",
        facts={
            "Study": review.title,
            "Study's SHA-256": review.study_sha256,
            "Roster's SHA-256": review.roster_sha256,
            "Coordinator": review.coordinator,
            "Methods": methods_told(review.methods),
            "Approval": review.standing,
        },
        sections=list(_sections(review)),
        warnings=[*review.ends, *_failing(review)],
        footer="Nothing was sent. To approve: riskset site approve",
    )


def methods_told(methods: Sequence[Method]) -> str:
    """Returns which installed methods are not riskset's own, by package, and whether the study asks for them."""
    others = [method for method in methods if not method.is_own]
    named = [f"{one.kind} of {one.package}, {'asked' if one.is_asked else 'not asked'} by this study" for one in others]
    return f"riskset's own, and {'; '.join(named)}" if named else "riskset's own; none of another package"


def _sections(review: Review) -> Iterator[PageSection]:
    if review.changes:
        yield PageSection("What has changed since the version approved", [review.changes])
    yield PageSection("What would be computed", [review.questions])
    yield PageSection("Of whom", [review.populations, *_patients(review)])
    yield PageSection("Who takes part", list(_parties(review)))
    yield PageSection("Who can read what of this site", [tuple(review.seen)])
    yield PageSection("What the rules say of this site's rows", list(_verdicts(review)))
    yield PageSection("Which numbers would leave", [_ALONE, *_rounds(review)])
    yield PageSection("The limits in force", [_limits(review)])


def _failing(review: Review) -> Iterator[str]:
    """What would not be answered; in a run that is a flag, and nobody learns whose."""
    failing = _not_passing(review)
    if any(verdict.finding.limit_name == STAYS_OUT for verdict in failing):
        yield "This site has 1 to 4 patients of an endpoint, and so takes part in no run of this study"
    rest = [verdict for verdict in failing if verdict.finding.limit_name != STAYS_OUT]
    analyses = dict.fromkeys(verdict.analysis for verdict in rest)
    rules = dict.fromkeys(verdict.finding.rule for verdict in rest)
    if rest:
        yield f"On these data this site would refuse {', '.join(analyses)} (rules {', '.join(rules)}); see below"


def _patients(review: Review) -> Iterator[PagePart]:
    check = review.check
    if check.steps:
        rows = [(s.label, str(s.excluded), str(s.undecided), str(s.remaining)) for s in check.steps]
        columns = ("rule", "not fulfilled", "not known", "remain")
        yield PageTable(columns, rows, frozenset(columns[1:]), f"Patients of this site: {check.rows} in the export")
    yield _endpoints(review)


def _endpoints(review: Review) -> PageTable:
    rows = [
        (one.endpoint, str(one.no_follow_up), str(one.incomplete), str(one.rows), str(one.events))
        for one in review.check.endpoints
    ]
    columns = ("endpoint", "no follow-up", "incomplete", "analysed", "events")
    return PageTable(columns, rows, frozenset(columns[1:]), "Patients of this site, by endpoint")


def _parties(review: Review) -> Iterator[PagePart]:
    rows = [
        (
            f"{party.name} ({party.site})",
            party.country,
            party.words,
            party.telephone or "not told",
            f"{party.irb or 'not told'}{f' until {party.irb_until}' if party.irb_until else ''}",
            party.known,
        )
        for party in review.parties
    ]
    yield PageTable(("site", "country", "words of its key", "telephone", "IRB", "key"), rows)
    yield (
        "Telephone a site and read these words to each other: they are its key. A key that a compared party vouches "
        "for counts as compared. A run with a site whose key is not compared is not answered."
    )


def _verdicts(review: Review) -> Iterator[PagePart]:
    yield _NEAREST
    columns = ("rule", "of", "here", "limit", "margin", "verdict")
    numeric = frozenset(("here", "limit", "margin"))
    yield PageTable(columns, [_verdict(verdict, review.column) for verdict in review.preview.worst.values()], numeric)
    if remedies := tuple(_remedies(review)):
        yield "What would pass:"
        yield remedies
    yield Folded(
        f"All {len(review.preview.verdicts)} figures that were judged",
        PageTable(columns, [_verdict(verdict, review.column) for verdict in review.preview.verdicts], numeric),
    )
    yield _OF_SITES


def _verdict(verdict: Verdict, column: RuleColumn) -> tuple[str, ...]:
    found = verdict.finding
    limit = LIMITS[found.limit_name]
    sign = ">=" if limit.direction == "at least" else "<="
    none = "0 or " if column in limit.or_zero else ""
    return (
        f"{found.rule} {found.limit_name.partition('.')[2].replace('_', ' ')}",
        str(found.subject),
        number(found.value),
        f"{none}{sign} {number(found.limit)}",
        number(found.margin),
        verdict.verdict,
    )


def _remedies(review: Review) -> Iterator[str]:
    """Each remedy once, behind the rule and what does not pass."""
    subjects: dict[tuple[str, str], dict[str, None]] = {}
    for verdict in _not_passing(review):
        found = verdict.finding
        subjects.setdefault((found.rule, str(found.remedy)), {})[str(found.subject)] = None
    for (rule, remedy), names in subjects.items():
        yield f"{rule}, {', '.join(names)}: {remedy}"


def _not_passing(review: Review) -> list[Verdict]:
    return [verdict for verdict in review.preview.verdicts if verdict.verdict in ("review", "fail")]


def _rounds(review: Review) -> Iterator[PagePart]:
    rounds = review.preview.rounds
    yield f"{count(sum(round_.size for round_ in rounds), 'number')} in {count(len(rounds), 'round')}."
    yield PageTable(("asked by", "what the totals tell"), list(_reveals(review)))
    for at, round_ in enumerate(rounds, start=1):
        rows = [
            (id_, label, number(value))
            for id_, labels, values in round_.numbers
            for label, value in zip(labels, values, strict=True)
        ]
        summary = f"Round {at}, {_phase(round_)}: {count(len(rows), 'number')}"
        yield Folded(summary, PageTable(("asked by", "number", "here"), rows, frozenset(("here",))))


def _reveals(review: Review) -> Iterator[tuple[str, str]]:
    """Every sentence once, behind what asks for it."""
    asked = dict.fromkeys(id_ for round_ in review.preview.rounds for id_, _, values in round_.numbers if values)
    by_sentence: dict[str, list[str]] = {}
    for id_ in asked:
        by_sentence.setdefault(review.reveals.get(id_, ""), []).append(id_)
    for sentence, ids in by_sentence.items():
        more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
        yield f"{ids[0]}{more}", sentence


def _phase(round_: Round) -> str:
    return _PHASES.get(round_.phase) or round_.phase.replace("/", ", ")


def _limits(review: Review) -> PageTable:
    rows = [(one.limit, one.means, f"{one.direction} {one.default}", _own(one)) for one in review.limits]
    return PageTable(("limit", "of", "the study's", "this site's own"), rows)


def _own(limit: InForce) -> str:
    return f"{limit.own}, an exception: {limit.reason}" if limit.reason else limit.own
