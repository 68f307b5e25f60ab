"""Curves, log-rank tests, restricted means and length of follow-up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.catalogue import Message, say
from riskset_report.methods.done import Done, Given, by_analysis, each_once, numbers
from riskset_report.sections.arms import limits_in_words

ON_GRID = ("km", "rmst", "follow-up", "cumulative-incidence")


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields the grid, the curves with their tests, restricted means, and length of follow-up."""
    yield _grid(done)
    curves = done.of("km")
    yield _curves([one for one in curves if not one.said.get("weighted")], done)
    yield _weighted([one for one in curves if one.said.get("weighted")], done)
    yield _means(done.of("rmst"), done)
    yield _follow_up(done.of("follow-up"), done)


def _grid(done: Done) -> Iterator[Message]:
    if done.of(*ON_GRID):
        grid = done.study.time.grid
        yield say("methods.survival.grid", n=grid.width_days, last=grid.max_days)


def _curves(curves: Sequence[Given], done: Done) -> Iterator[Message]:
    if not curves:
        return
    for group in done.grouped(curves):
        yield say("methods.survival.km", ref=done.cite("kaplan"), greenwood=done.cite("greenwood"), **group.values)
    yield from limits_of(curves)
    yield say("methods.survival.median", ref=done.cite("brookmeyer"))
    if times := each_once(mark["time"] for one in curves for mark in one.said["overall"]["landmarks"]):
        yield say("methods.survival.landmarks", times=numbers(sorted(times)), units=_units(done))
    yield from _tests(curves, done)


def limits_of(curves: Sequence[Given]) -> Iterator[Message]:
    """Yields on which scale the confidence limits of curves are."""
    found = each_once(one.said["limits"] for one in curves)
    if len(found) == 1:
        yield say(f"methods.survival.limits.{found[0]}")
    elif found:
        yield say("methods.survival.limits_differ", scales=tuple(map(limits_in_words, found)))


def _tests(curves: Sequence[Given], done: Done) -> Iterator[Message]:
    tested = [one for one in curves if one.said.get("log_rank")]
    if tested:
        yield say("methods.survival.log_rank", ref=done.cite("mantel"))
    for of_entry in by_analysis([one for one in tested if one.said["log_rank_by_strata"]]):
        for group in done.grouped(of_entry):
            yield say("methods.survival.strata", strata=done.names(of_entry[0].said["strata"]), **group.values)
    plain = {one.about for one in tested if not one.said["rho"]}
    for of_entry in by_analysis([one for one in tested if one.said["rho"]]):
        rho = f"{of_entry[0].said['rho']:g}"
        for code, of in (
            ("rho", [one for one in of_entry if one.about not in plain]),
            ("rho_also", [one for one in of_entry if one.about in plain]),
        ):
            for group in done.grouped(of):
                yield say(f"methods.survival.{code}", rho=rho, ref=done.cite("harrington"), **group.values)


def _weighted(curves: Sequence[Given], done: Done) -> Iterator[Message]:
    for group in done.grouped(curves):
        least = curves[0].said["weights"]["averaged_over"]
        yield say("methods.survival.weighted", least=least, ref=done.cite("xie"), **group.values)
    if any(mark["std_error"] is not None for one in curves for arm in one.said["arms"] for mark in arm["landmarks"]):
        yield say("methods.survival.weighted_errors")


def _means(means: Sequence[Given], done: Done) -> Iterator[Message]:
    days = done.study.days_per_unit
    alike: dict[tuple[float, ...], list[Given]] = {}
    taus: dict[tuple[str, str], list[Given]] = {}
    for one in means:
        taus.setdefault(one.about, []).append(one)
    for of in taus.values():
        alike.setdefault(each_once(sorted(one.said["tau_days"] / days for one in of)), []).extend(of)
    for times, of in alike.items():
        for group in done.grouped(of):
            told = {"times": numbers(times), "units": _units(done), "ref": done.cite("royston")}
            yield say("methods.survival.rmst", **told, **group.values)
    if any(one.said["differences"] for one in means):
        yield say("methods.survival.rmst_compared")
    if any(one.said.get("weighted") for one in means):
        yield say("methods.survival.rmst_weighted")


def _follow_up(lengths: Sequence[Given], done: Done) -> Iterator[Message]:
    for group in done.grouped(lengths):
        yield say("methods.survival.follow_up", ref=done.cite("schemper"), **group.values)


def _units(done: Done) -> Message:
    return say(f"report.unit.{done.study.time.unit}", n=2)
