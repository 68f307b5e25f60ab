"""R3, R5, R6, R7 and R8: how much a model may ask about its patients."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure.finding import Finding, cannot_judge, judge, or_first
from riskset.disclosure.policy import Policy
from riskset.disclosure.rules import in_words


def events(policy: Policy, subject: Message | str, events: int, p: int) -> Finding:
    """R3: `events` events (logistic: the smaller class) for p parameters. Too few are a review, which does not pass.

    The stricter of the two limits judges: the events, or the events per parameter.
    """
    base, each = policy.values["R3.events"], policy.values["R3.events_per_parameter"]
    if base >= each * p:
        remedy = say("rules.remedy.events", needed=ceil(base))
        return judge(policy, "R3.events", subject, events, otherwise="review", remedy=remedy)
    per_parameter, remedy = Fraction(events) / p, _for_parameters(policy, events, p)
    return judge(policy, "R3.events_per_parameter", subject, per_parameter, otherwise="review", remedy=remedy)


def _for_parameters(policy: Policy, events: int, p: int) -> Message:
    base, each = policy.values["R3.events"], policy.values["R3.events_per_parameter"]
    needed = ceil(each * p)
    if policy.column == "local":  # how many parameters would tell the site's own events
        return say("rules.remedy.events_or_fewer_parameters", needed=needed)
    if events < base:
        return say("rules.remedy.events_both", needed=needed, base=in_words(base))
    return say("rules.remedy.events_or_parameters", needed=needed, fewer=floor(events / each), p=p)


def numbers_sent(p: int, slopes: bool = False) -> int:
    """Returns how many numbers one evaluation of a model with p columns sends: log likelihood, score, information; with
    `slopes` a further one for each column."""
    return 1 + p + p * (p + 1) // 2 + (p if slopes else 0)


def _held(n: int, p: int, values: int | None) -> int:
    """Returns how many numbers n patients consist of: each a time, an event, and the values behind p columns."""
    return n * ((p if values is None else values) + 2)


def evaluations_allowed(
    policy: Policy, n: int, p: int, values: int | None = None, slopes: bool = False, predictors: int = 0
) -> int:
    """R5: at how many betas a model with p columns on n patients may be evaluated; rejected steps count. The columns
    are computed from so many `values` of a patient: p, unless some are products or parts of a spline. `predictors` as
    in `Exposure`."""
    by_numbers = policy.values["R5.numbers"] * _held(n, p, values) / numbers_sent(p, slopes)
    if predictors:
        by_numbers = min(by_numbers, policy.values["R5.fitted"] * n / numbers_sent(predictors))
    return floor(min(policy.values["R5.evaluations"], by_numbers))


def fitted(policy: Policy, subject: str, asked: int, n: int, predictors: int) -> Finding:
    """R5: a model of a yes-no outcome, evaluated at `asked` betas. Its sums are linear in how many of the n patients
    have each combination of the covariates, which can be solved for these numbers if there are enough of them."""
    share = Fraction(asked * numbers_sent(predictors), max(n, 1))
    remedy = say("rules.remedy.fitted")
    if policy.column == "pooled":
        most = policy.values["R5.fitted"] * n / asked
        fits = max((p for p in range(predictors) if numbers_sent(p) <= most), default=0)
        remedy = say("rules.remedy.fitted_most", most=fits, p=predictors)
    return judge(policy, "R5.fitted", subject, share, remedy=remedy)


def fitted_beside(policy: Policy, subject: str, numbers: int, n: int) -> Finding:
    """R5: levels that follow from such a model; what was sent of it, and what is told of them, are so many numbers."""
    return judge(policy, "R5.fitted", subject, Fraction(numbers, max(n, 1)), remedy=say("rules.remedy.fitted_beside"))


def combinations(policy: Policy, subject: str, n: int, combinations: int) -> Finding:
    """R6: the covariates of a yes-no outcome can have so many combinations of values, and the model has n patients."""
    share = Fraction(combinations, max(n, 1))
    return judge(policy, "R6.combinations", subject, share, remedy=say("rules.remedy.combinations"))


def evaluations(
    policy: Policy,
    subject: str,
    asked: int,
    n: int,
    p: int,
    values: int | None = None,
    slopes: bool = False,
    predictors: int = 0,
) -> list[Finding]:
    """R5: with this question, the model has been evaluated at `asked` betas; otherwise as `evaluations_allowed`."""
    remedy = say("rules.remedy.evaluations", n=evaluations_allowed(policy, n, p, values, slopes, predictors))
    if policy.column == "local":
        remedy = say("rules.remedy.evaluations_here")
    share = Fraction(asked * numbers_sent(p, slopes), max(_held(n, p, values), 1))
    return [
        judge(policy, "R5.evaluations", subject, asked, remedy=remedy),
        judge(policy, "R5.numbers", subject, share, remedy=remedy),
        *([fitted(policy, subject, asked, n, predictors)] if predictors else []),
    ]


def opened(
    policy: Policy, subject: str, with_others: int, alone: int, before: int, patients: int, columns: int
) -> Finding:
    """R5: so many numbers were opened `before`, in earlier runs, and are with this analysis, `alone` or `with_others`
    before it, by all models and tables, of patients who consist of so many columns."""
    held = max(patients * columns, 1)

    def share(numbers: int, remedy: Message = NOTHING) -> Finding:
        return judge(policy, "R5.opened", subject, Fraction(numbers, held), remedy=remedy)

    if (found := share(with_others)).passes:  # most do
        return found
    code, numbers = "opened", with_others
    if not share(alone).passes:
        code, numbers = ("opened_alone", alone) if share(before).passes else ("opened_before", before)
    remedy = say(f"rules.remedy.{code}.here")
    if policy.column == "pooled":
        of = {"numbers": f"{numbers:,}", "patients": f"{patients:,}", "columns": columns}
        remedy = say(f"rules.remedy.{code}.pooled", **of)
    return share(with_others, or_first(remedy, code == "opened"))


def parameters(policy: Policy, subject: str, n: int, p: int) -> Finding:
    """R6: p parameters for n patients."""
    remedy = say("rules.remedy.parameters")
    if policy.column == "pooled":
        remedy = say("rules.remedy.parameters_most", most=floor(n * policy.values["R6.parameters"]), p=p)
    return judge(policy, "R6.parameters", subject, Fraction(p, max(n, 1)), remedy=remedy)


def needed(policy: Policy, p: int) -> dict[str, int]:
    """Returns how many `patients` and `events` a model of p parameters needs: R1, R3 and R6, of all sites in the pooled
    column and of each site in the local one."""
    patients = max(policy.values["R1.population_rows"], p / policy.values["R6.parameters"])
    events_ = max(policy.values["R3.events"], p * policy.values["R3.events_per_parameter"])
    return {"patients": ceil(patients), "events": ceil(events_)}


def linear_predictor(policy: Policy, subject: str, eta: NDArray[np.float64]) -> list[Finding]:
    """R7: the linear predictor of the site's own patients, (n,), at the requested beta. Own figures in both columns."""
    largest = float(np.abs(eta).max(initial=0.0))
    with np.errstate(over="ignore", invalid="ignore"):  # what is not a number fails
        spread = float(eta.std()) if eta.size else 0.0
    return [
        judge(policy, "R7.spread", subject, spread, own=True, remedy=say("rules.remedy.spread")),
        judge(policy, "R7.largest", subject, largest, own=True, remedy=say("rules.remedy.largest")),
    ]


def influence(policy: Policy, subject: str, share: float) -> Finding:
    """R8: the largest share of one of the site's patients in a sum of squares over patients."""
    return judge(policy, "R8.influence", subject, share, own=True, remedy=say("rules.remedy.influence"))


def weight(policy: Policy, subject: str, share: float) -> Finding:
    """R8: the largest share of one of the site's patients in the weight of an arm."""
    remedy = say("rules.remedy.weight")
    if "R8.weight" not in policy.values:  # a run of an earlier protocol
        return cannot_judge("R8", subject, say("rules.beyond.weights"), remedy)
    return judge(policy, "R8.weight", subject, share, own=True, remedy=remedy)


def weights_in_arm(policy: Policy, subject: str, leverage: float) -> Finding:
    """R8: the largest leverage of one of the site's patients of an arm in sums of weights and of patients."""
    return _of_table(policy, "R8.in_arm", subject, leverage)


def weights_in_cell(policy: Policy, subject: str, share: float) -> Finding:
    """R8: the largest share of one of the site's patients in how far weights are apart in a cell."""
    return _of_table(policy, "R8.in_cell", subject, share)


def _of_table(policy: Policy, limit: str, subject: str, share: float) -> Finding:
    remedy = say("rules.remedy.weights_in_table")
    if limit not in policy.values:  # a run of an earlier protocol
        return cannot_judge("R8", subject, say("rules.beyond.weights"), remedy)
    return judge(policy, limit, subject, share, own=True, remedy=remedy)


def site_weight(policy: Policy, subject: str, share: float, *, follows: bool = False) -> Finding:
    """R8: the site's share in a sum of weighted sets, or of these and others, by what its patients count."""
    return judge(policy, "R8.site_weight", subject, share, own=True, remedy=site_weight_remedy(follows=follows))


def site_weight_remedy(*, follows: bool) -> Message:
    """Returns what would pass; `follows`: weights follow from a score, and nobody chooses their scale."""
    return say(f"rules.remedy.site_weight{'_of_score' if follows else ''}")


def site_influence(policy: Policy, subject: str, share: float) -> Finding:
    """R8: the site's share in a sum of squares over sites. Without the secure sum of three sites nothing hides it."""
    return judge(policy, "R8.site_influence", subject, share, own=True, remedy=say("rules.remedy.site_influence"))


def risk_share(policy: Policy, subject: str, share: float) -> Finding:
    """R8: the largest share of one patient in a risk set at the site."""
    return judge(policy, "R8.risk_share", subject, share, own=True, remedy=say("rules.remedy.risk_share"))
