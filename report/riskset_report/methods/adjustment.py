"""The propensity score, the populations that are adjusted by it, and their balance."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset.study.propensity import Gates, Matching, Propensity, Stratification, Weighting
from riskset_report.methods.done import Done, Given, numbers

_WEIGHTS = {
    "ate": ("robins",),
    "ate_stab": ("robins",),
    "att": ("robins",),
    "overlap": ("li",),
    "matching": ("li_greene",),
}


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields the score, each population that has a result, and what was demanded of them."""
    asked, scores = done.study.propensity, done.of("propensity")
    if asked is None or not scores:
        return
    yield _score(asked, scores[0], done)
    # in the order of the results: that of the study's table is lost where the study is read from its canonical form
    for name in dict.fromkeys(one.about[1] for one in done.given):
        adjustment = asked.adjustments.get(name)
        if adjustment is None:
            continue
        if isinstance(adjustment, Matching):
            yield _matched(name, adjustment, scores[0], done)
        elif isinstance(adjustment, Weighting):
            yield _weighted(name, adjustment, done)
        else:
            yield _stratified(name, adjustment, done)
    yield _balance(asked, done)


def _score(asked: Propensity, score: Given, done: Done) -> Iterator[Message]:
    arm = score.said["arm"]
    of = {
        "level": done.labels.level(arm["variable"], arm["level"]),
        "reference": done.labels.level(arm["variable"], arm["reference"]),
        "covariates": done.names(score.said["covariates"]),
        "ref": done.cite("rosenbaum"),
    }
    yield say(f"methods.adjustment.score.{asked.site}", **of)
    if score.said["firth"]:
        yield say("methods.adjustment.firth", ref=done.cite("firth", "heinze_logistic"))
    if "reason" not in score.said.get("preference", {"reason": None}):
        yield say("methods.adjustment.preference", ref=done.cite("walker"))


def _matched(name: str, asked: Matching, score: Given, done: Done) -> Iterator[Message]:
    arm, population = score.said["arm"], done.labels.population(name)
    of = {key: done.labels.level(arm["variable"], arm[key]) for key in ("level", "reference")}
    yield say("methods.adjustment.matching", population=population, n=asked.ratio, ref=done.cite("stuart"), **of)
    if asked.caliper_sd is None:
        yield say("methods.adjustment.no_caliper")
    else:
        ref = done.cite("austin_caliper") if asked.caliper_on == "logit" else ""
        yield say(f"methods.adjustment.caliper.{asked.caliper_on}", sd=f"{asked.caliper_sd:g}", ref=ref)
    if asked.ratio > 1:
        yield say("methods.adjustment.set_weights")
    for one in (one for one in done.of("balance") if one.about[1] == name):
        treated, control = (done.count(one.entry.id, f"matched.{arm_}") for arm_ in ("treated", "control"))
        if treated is not None and control is not None:
            yield say("methods.adjustment.matched", treated=treated, control=control, **of)


def _weighted(name: str, asked: Weighting, done: Done) -> Iterator[Message]:
    population, ref = done.labels.population(name), done.cite(*_WEIGHTS[asked.estimand])
    yield say(f"methods.adjustment.weights.{asked.estimand}", population=population, ref=ref)
    if asked.trim is not None:
        low, high = numbers(asked.trim)
        yield say("methods.adjustment.trim", low=low, high=high)
    if asked.truncate is not None:
        yield say("methods.adjustment.truncate", most=f"{asked.truncate:g}")


def _stratified(name: str, asked: Stratification, done: Done) -> Iterator[Message]:
    ref = done.cite("rosenbaum_strata")
    yield say("methods.adjustment.strata", population=done.labels.population(name), cuts=numbers(asked.cuts), ref=ref)


def _balance(asked: Propensity, done: Done) -> Iterator[Message]:
    if done.of("balance"):
        yield say("methods.adjustment.balance", ref=done.cite("austin_balance"))
    if asked.gates is not None:
        yield from _demanded(asked.gates)
    for decision in done.results.unblinded:
        of = {"population": done.labels.population(decision.population), "run": decision.run}
        of |= {"by": decision.by, "date": decision.at[:10], "reason": decision.reason}
        yield say("methods.adjustment.unblinded", **of)


def _demanded(gates: Gates) -> Iterator[Message]:
    if gates.smd_max is not None:
        yield say("methods.adjustment.smd_max", most=f"{gates.smd_max:g}")
    if gates.equipoise_min is not None:
        yield say("methods.adjustment.equipoise_min", least=f"{gates.equipoise_min:g}")
    yield say(f"methods.adjustment.on_fail.{gates.on_fail}")
