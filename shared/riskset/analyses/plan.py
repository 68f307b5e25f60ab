"""From a study to its analyses: which depend on which, and which patients each one analyses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Final

from riskset.analyses.admission.blocks import blocks, is_joint
from riskset.analyses.admission.joint import Joint
from riskset.analyses.admission.steps import steps
from riskset.analyses.analysis import WITHHELD, Analysis, NotEstimable, Result
from riskset.analyses.cohort import ALL, SetId, of_all
from riskset.analyses.excluded import Reason, reasons_of
from riskset.analyses.methods import PLANNERS, POPULATIONS, asks, demands, describing, gates
from riskset.analyses.moments import moments_id
from riskset.analyses.populations import Population
from riskset.catalogue import Message, say
from riskset.engine.wire import MAX_MESSAGE_BYTES
from riskset.errors import DataError, Problem
from riskset.secure.fixed_point import BYTES_PER_NUMBER
from riskset.study.itself import Itself
from riskset.study.spec import Study

MOST_ANALYSES: Final = 1000
MOST_NUMBERS: Final = 200_000
"""In one message of a site; each is a label of some hundred bytes at every party. Twenty endpoints over ten years by
the week, in three arms, are 63,000."""


@dataclass(frozen=True)
class Plan:
    """What a study asks, in its order: the order in which results are reported."""

    reported: tuple[Analysis, ...]
    arm: str | None = None
    """The variable by which curves may be split."""
    populations: Mapping[str, Population] = field(default_factory=dict)
    """Derived populations by name."""
    excluded: tuple[Reason, ...] = ()
    """The reasons for which eligible patients are not analysed."""
    kinds: frozenset[str] = frozenset()
    """Kinds of the study's entries: all parties run the same version of the method behind each."""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By endpoint: the variables that define it."""
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By derived population: the ids of the analyses whose results decide whether its outcomes are computed."""
    demands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By derived population of which the study demands something: the ids of the analyses that say whether it is so."""
    asks: frozenset[str] = frozenset()
    """The populations of `gates` whose outcomes somebody may decide to compute, once a run has withheld them."""
    describing: frozenset[str] = frozenset()
    """The study's entries that only describe a population by what is known before treatment; no gate withholds them."""
    weighted: frozenset[str] = frozenset()
    """The derived populations whose patients have weights of their own."""
    cut_freely: frozenset[str] = frozenset()
    """The derived populations of which a study chooses the places where the score is cut."""

    @cached_property
    def by_id(self) -> Mapping[str, Analysis]:
        return {analysis.id: analysis for analysis in self.reported}

    @cached_property
    def admitted_with(self) -> Mapping[str, str]:
        """By id, the parts of other analyses that admission does not examine, with the id of the analysis in whose
        place it would examine the same: they have its patients and no other columns, and begin once it has a result."""
        found = {}
        for part in self.reported:
            whole = None if part.part_of is None else self.by_id.get(part.part_of)
            if whole is not None and part.part_of in part.needs and _is_covered(part, whole):
                found[part.id] = whole.id
        return found

    @cached_property
    def judging_order(self) -> tuple[Analysis, ...]:
        """The analyses in the order in which they are judged: entry by entry as in the study, and in each entry first
        those that are not `judged_last`; after all others those that tell nothing but tables, since a table is not
        worth a model, and then those with patients' own weights, whose sums are told rounded. What is judged later must
        pass beside all that passed before it."""
        entries = {name: i for i, name in enumerate(dict.fromkeys(analysis.name for analysis in self.reported))}

        def place(a: Analysis) -> tuple[bool, bool, int, bool]:
            return a.exposure.weights, not a.is_worth_a_model, entries[a.name], a.judged_last

        return tuple(sorted(self.reported, key=place))

    @property
    def sets(self) -> tuple[SetId, ...]:
        """The sets of every eligible patient, which a hospital builds from its rows."""
        return of_all(analysis.set_id.of_all for analysis in self.reported)

    def waits_for(self, analysis: Analysis) -> tuple[str, ...]:
        """Returns the ids of the analyses that must end before this one begins, those of its population first."""
        return tuple(
            dict.fromkeys((*self.waits_for_population(analysis.population), *self.gate_of(analysis), *analysis.needs))
        )

    def gate_of(self, analysis: Analysis) -> tuple[str, ...]:
        """Returns the ids of the gates of an analysis: those of its population, unless it is one of them or only
        describes the population."""
        ids = self.gates.get(analysis.population, ())
        return () if analysis.id in ids or analysis.name in self.describing else ids

    def without_gates_of(self, populations: Collection[str]) -> Plan:
        """Returns the plan in which the outcomes of these populations are computed, whatever their gates say."""
        return replace(self, gates={name: ids for name, ids in self.gates.items() if name not in populations})

    def withheld(self, population: str, results: Mapping[str, Result]) -> bool:
        """Whether a run with these results withheld outcomes of the population."""
        ends = (results.get(analysis.id) for analysis in self.reported if analysis.population == population)
        return any(isinstance(end, NotEstimable) and end.code == WITHHELD for end in ends)

    def meets_demands(self, analysis: Analysis, results: Mapping[str, Result]) -> bool | None:
        """Returns whether the population of an analysis is what the study demands, by all results of a run: what is not
        known is not. None where the study demands nothing of it, or the analysis only describes it."""
        ids = self.demands.get(analysis.population, ())
        is_outcome = analysis.id not in ids and analysis.name not in self.describing
        return all(results[id_].passes for id_ in ids) if ids and is_outcome else None

    def waits_for_population(self, population: str) -> tuple[str, ...]:
        """Returns the ids of the analyses that must end before the population is known."""
        return () if population == ALL else self.populations[population].needs

    def has_all_of(self, analysis: Analysis, results: Mapping[str, object]) -> bool:
        """Whether everything that the analysis waits for has ended."""
        return all(id_ in results for id_ in self.waits_for(analysis))

    def problems(self) -> Iterator[Problem]:
        """Yields what can never be scheduled: an unknown population, an unknown id, moments that nobody makes, or a
        cycle."""
        for analysis in self.reported:
            where = f"[analyses] {analysis.name}"
            if analysis.population != ALL and analysis.population not in self.populations:
                yield Problem(
                    where, say("analyses.plan.unknown_population", analysis=analysis.id, population=analysis.population)
                )
                continue
            if analysis.population in self.weighted and not analysis.exposure.weights:
                of = {"analysis": analysis.id, "kind": analysis.kind, "population": analysis.population}
                yield Problem(where, say("analyses.plan.weights_not_declared", **of))
            for id_ in self.waits_for(analysis):
                if id_ not in self.by_id and not _is_of_admission(analysis, id_):
                    yield Problem(where, _missing(analysis, id_))
            if cycle := self._cycle_from(analysis):
                yield Problem(where, say("analyses.plan.cycle", chain=cycle))

    def _cycle_from(self, analysis: Analysis) -> tuple[str, ...]:
        """Returns the ids from an analysis back to itself; empty where it is not in a cycle."""
        paths: list[tuple[str, ...]] = [(analysis.id,)]
        seen = {analysis.id}
        while paths:
            path = paths.pop()
            population = self.by_id[path[-1]].population
            if population != ALL and population not in self.populations:
                continue
            for id_ in self.waits_for(self.by_id[path[-1]]):
                if id_ == analysis.id:
                    return (*path, id_)
                if id_ in self.by_id and id_ not in seen:
                    seen.add(id_)
                    paths.append((*path, id_))
        return ()

    def longest_chain(self) -> Chain:
        """Returns the analyses, each needing the one before, that take the most rounds; the first such chain."""

        def longest(analysis: Analysis) -> Chain:
            before = [longest(self.by_id[id_]) for id_ in self.waits_for(analysis) if id_ in self.by_id]
            return Chain((*max(before, key=Chain.length, default=Chain(())).analyses, analysis))

        return max((longest(analysis) for analysis in self.reported), key=Chain.length, default=Chain(()))


def _is_of_admission(analysis: Analysis, id_: str) -> bool:
    """Whether admission finds what an analysis needs: the moments of its rows, if sums of its columns leave."""
    return id_ == moments_id(analysis.rows_name) and bool(analysis.exposure.summed or analysis.exposure.weights)


def _is_covered(part: Analysis, whole: Analysis) -> bool:
    """Whether all that admission judges of a part is judged of the whole."""
    own, other = part.exposure, whole.exposure
    columns = ((own.design, other.design), (own.tables, other.tables), (own.conditions, other.conditions))
    of_same = part.set_id == whole.set_id and (own.in_time is None or own.in_time == other.in_time)
    of_same = of_same and own.weights == other.weights
    return of_same and all(set(few) <= set(all_) for few, all_ in columns) and not own.per_site


@dataclass(frozen=True)
class Chain:
    """Analyses, each needing the one before."""

    analyses: tuple[Analysis, ...]

    @property
    def iterative(self) -> tuple[Analysis, ...]:
        """The analyses that are evaluated until they end."""
        return tuple(analysis for analysis in self.analyses if analysis.exposure.is_iterative)

    @property
    def rounds(self) -> int:
        """The fewest rounds that a run with this chain takes: the opening, the admission of each population, one round
        per analysis, and the closing, which also asks for the last analysis if it has a single round."""
        populations = {analysis.population for analysis in self.analyses}
        closes = bool(self.analyses) and not self.analyses[-1].exposure.is_iterative
        joint = (Joint(),) if any(map(is_joint, self.analyses)) else ()
        return 1 + len(steps((), joint=joint)) * len(populations) + len(self.analyses) - closes + 1

    def length(self) -> tuple[int, int, int]:
        """Returns the key that orders chains: an iterative analysis takes more rounds than any other."""
        return len(self.iterative), self.rounds, len(self.analyses)


def _check_size(study: Study, reported: Sequence[Analysis]) -> None:
    """Raises DataError where a run could not carry the study's numbers, before anything is made for each of them."""
    most = min(MOST_NUMBERS, MAX_MESSAGE_BYTES // (BYTES_PER_NUMBER * len(study.sites)))
    if (size := largest_vector(study, reported)) > most:
        too_large = say("analyses.plan.too_large", size=size, most=most, n=len(study.sites))
        raise DataError(too_large, say("analyses.plan.too_large_hint"))


def largest_vector(study: Study, reported: Sequence[Analysis]) -> int:
    """Returns how many numbers the largest message of a site may hold: all analyses at once, or admission's pairs of
    columns. From the exposures alone; no label is made."""
    grid = study.time.grid
    steps_of_grid = -(-grid.max_days // grid.width_days)
    in_time = [analysis.exposure.in_time for analysis in reported]
    curves = sum(
        (len(one.split) + 1) * (len(one.status) * steps_of_grid + len(one.split) + 3) for one in in_time if one
    )
    by_strata = (len(e.in_time.split) + 1 for e in (a.exposure for a in reported) if e.in_time and e.conditions)
    curves += sum(arms * (arms + 5) // 2 for arms in by_strata)  # a second log-rank test
    sums = sum(_pairs(len(analysis.exposure.design) + 1) for analysis in reported)
    sets = {analysis.analysis_set for analysis in reported}
    columns = {(analysis.analysis_set, column) for analysis in reported for column in analysis.columns}
    of_products = sum(_pairs(len(block.features)) for block in blocks(reported))
    return max(curves + sums, _pairs(len(sets) + len(columns)), of_products)


def _pairs(n: int) -> int:
    """Of n things, each with itself and every other."""
    return n * (n + 1) // 2


def _missing(analysis: Analysis, id_: str) -> Message:
    """Returns what an analysis needs and nobody makes: the entry to add where the id is one of an entry's."""
    if id_ == moments_id(analysis.rows_name):
        return say("analyses.plan.no_moments", analysis=analysis.id, needed=id_)
    kind, *of = id_.split("/")
    if len(of) != 2:
        return say("analyses.plan.unknown_need", analysis=analysis.id, needed=id_)
    endpoint, population = of
    return say("analyses.plan.no_entry", analysis=analysis.id, kind=kind, endpoint=endpoint, population=population)


def plan(study: Study) -> Plan:
    """Returns the analyses of a study.

    An id is `kind/endpoint/population[/model]`; where an entry before it has the same id, the entry's name is added.
    DataError, with every analysis that can never begin.
    """
    return planned(Itself(study))


@lru_cache(maxsize=16)
def planned(of: Itself) -> Plan:
    """Kept, since the parties of a rehearsal plan one study."""
    study, taken = of.study, set[str]()
    reported: list[Analysis] = []
    for name, entry in study.analyses.items():
        others: dict[str, str] = {}
        for asked in PLANNERS[entry.kind](study, name, entry):
            id_ = asked.id
            while id_ in taken:
                id_ = others[asked.id] = f"{id_}/{name}"
            reported.append(asked.following(others).renamed(id_))
            taken.add(id_)
            if len(reported) > MOST_ANALYSES:
                raise DataError(say("analyses.plan.too_many", most=MOST_ANALYSES), say("analyses.plan.too_many_hint"))
    _check_size(study, reported)
    populations = {name: population for of in POPULATIONS for name, population in of(study).items()}
    arm = study.comparison.arm if study.comparison else None
    sets = of_all(analysis.set_id.of_all for analysis in reported)
    fields = {name: endpoint.variables for name, endpoint in study.endpoints.items()}
    planned = Plan(
        tuple(reported),
        arm,
        populations,
        excluded=tuple(reasons_of(study, sets)),
        kinds=study.analysis_kinds,
        fields=fields,
        gates=gates(study),
        weighted=frozenset(name for name in populations if study.is_weighted(name)),
        cut_freely=frozenset(name for name in populations if study.is_cut_freely(name)),
        demands=demands(study),
        asks=asks(study),
        describing=describing(study),
    )
    if problems := tuple(planned.problems()):
        raise DataError(say("analyses.plan.never_begin"), say("analyses.plan.never_begin_hint"), problems)
    return planned
