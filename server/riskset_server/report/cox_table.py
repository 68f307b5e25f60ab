"""Cox models as journals print them: reference levels, a row a term, each covariate alone beside all together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from riskset_server.report import notation
from riskset_server.report.labels import Labels
from riskset_server.report.not_given import NotGiven, not_given
from riskset_server.report.tables import Result, Row, Table

_REFERENCE = ("1 (reference)", "")
_NO_TERM = ("", "")
_TESTS = {"likelihood_ratio": "likelihood ratio", "wald": "Wald", "score": "score"}
_TIES: dict[str, str] = {"efron": "Efron's approximation", "breslow": "Breslow's approximation"}


def cox_tables(results: Sequence[Result], labels: Labels) -> list[Table]:
    """One table an analysis, endpoint and population of which some model was fitted."""
    return [_table(models, labels) for models in _groups(results) if any(_is_shown(model) for model in models)]


def cox_refused(results: Sequence[Result], labels: Labels) -> list[NotGiven]:
    """One box an analysis, endpoint and population of which no model was fitted, for each rule that refused some."""
    boxes = [
        not_given(model, _title(model, labels))
        for models in _groups(results)
        if not any(_is_shown(model) for model in models)
        for model in models
        if _is_refused(model)
    ]
    return list(dict.fromkeys(boxes))


def _groups(results: Sequence[Result]) -> list[list[Result]]:
    """The models by analysis, endpoint and population."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result["kind"] == "cox":
            groups.setdefault((result["analysis"], result["endpoint"], result["population"]), []).append(result)
    return list(groups.values())


@dataclass(frozen=True)
class _Side:
    """The models of one pair of columns: those of one covariate each, or the one of all."""

    name: str
    models: tuple[Result, ...]

    def cells(self, variable: str, level: str | None) -> tuple[str, str]:
        """Hazard ratio and P of a term, or why there is none."""
        for model in self.models:
            if (limit := _limit(model)) and (limit["variable"], limit["level"]) == (variable, level):
                return notation.separated(limit), ""
            if not _is_fitted(model) and variable in _variables(model):
                return notation.missing(model), ""
            for term in _terms(model):
                if (term["variable"], term["level"]) == (variable, level):
                    return _term_cells(term)
        return _NO_TERM

    def at_reference(self, variable: str) -> tuple[str, str]:
        """What stands at a variable's reference level: a ratio of 1 needs a model that gives the others."""
        of = [model for model in self.models if variable in _variables(model)]
        if of and _is_refused(of[0]):
            return notation.missing(of[0]), ""
        return _REFERENCE if of else _NO_TERM


def _term_cells(term: Result) -> tuple[str, str]:
    if term["coef"] is None:
        return notation.NOT_ESTIMABLE, ""
    return notation.ratio(term["hr"], term["lower"], term["upper"]), notation.p_value(term["p"])


def _is_fitted(model: Result) -> bool:
    return bool(model["status"] == "ok")


def _limit(model: Result) -> Result | None:
    """Of a separated model: the finite end of its one separated column, or None."""
    limit: Result | None = None if _is_fitted(model) else (model.get("reason") or {}).get("limit")
    return limit


def _is_shown(model: Result) -> bool:
    return _is_fitted(model) or _limit(model) is not None


def _is_refused(model: Result) -> bool:
    return bool(model["status"] == notation.REFUSED)


def _is_univariable(model: Result) -> bool:
    return bool(model["model"] == "univariable")


def _terms(model: Result) -> Sequence[Result]:
    terms: Sequence[Result] = model["terms"] if _is_fitted(model) else ()
    return terms


def _columns(model: Result) -> Sequence[Result]:
    """The columns it tells of, by variable, level and reference: its terms, or those that are separated."""
    columns: Sequence[Result] = (model.get("reason") or {}).get("columns", ())
    return model["terms"] if _is_fitted(model) else columns


def _variables(model: Result) -> list[str]:
    """In the model's order; of a model without estimates, what its id tells, or which are separated."""
    if not _is_fitted(model) and _is_univariable(model):
        return [_variable_in_id(model)]
    if _is_refused(model):
        return list(model.get("covariates", ()))
    return list(dict.fromkeys(column["variable"] for column in _columns(model)))


def _variable_in_id(model: Result) -> str:
    """Of `cox/endpoint/population/univariable/variable`, behind which an analysis's name may stand."""
    return str(model["id"].split("/")[4])


def _table(models: Sequence[Result], labels: Labels) -> Table:
    alone = _Side("Univariable", tuple(model for model in models if _is_univariable(model)))
    together = _Side("Multivariable", tuple(model for model in models if not _is_univariable(model)))
    sides = [side for side in (alone, together) if any(_is_shown(m) or _is_refused(m) for m in side.models)]
    variables = dict.fromkeys(variable for side in sides for model in side.models for variable in _variables(model))
    return Table(
        title=_title(models[0], labels),
        columns=tuple(text for side in sides for text in (f"{side.name} HR (95% CI)", "P")),
        rows=tuple(row for variable in variables for row in _rows(variable, sides, labels)),
        notes=tuple(_notes(models, labels)),
    )


def _title(model: Result, labels: Labels) -> str:
    population = "" if model["population"] == "all" else f", {labels.population(model['population'])}"
    return f"{labels.endpoint(model['endpoint'])}: Cox models{population}"


def _rows(variable: str, sides: Sequence[_Side], labels: Labels) -> Iterator[Row]:
    """One row for a number; for a category its heading, its reference, its levels."""
    terms = [t for side in sides for model in side.models for t in _columns(model) if t["variable"] == variable]
    levels = dict.fromkeys(term["level"] for term in terms if term["level"] is not None)
    if not levels:
        yield Row(labels.variable(variable), _row_cells(variable, None, sides))
        return
    reference = terms[0]["reference"]
    yield Row(labels.variable(variable))
    at_reference = tuple(text for side in sides for text in side.at_reference(variable))
    yield Row(labels.level(variable, reference), at_reference, is_inner=True)
    for level in levels:
        yield Row(labels.level(variable, level), _row_cells(variable, level, sides), is_inner=True)


def _row_cells(variable: str, level: str | None, sides: Sequence[_Side]) -> tuple[str, ...]:
    return tuple(text for side in sides for text in side.cells(variable, level))


def _notes(models: Sequence[Result], labels: Labels) -> Iterator[str]:
    fitted = [model for model in models if _is_fitted(model)]
    shown = [model for model in models if _is_shown(model)]
    ties = " and ".join(dict.fromkeys(_TIES.get(model["ties"], str(model["ties"])) for model in shown))
    yield f"HR, hazard ratio; CI, confidence interval. One baseline hazard per site; tied times by {ties}."
    if any(_limit(model) for model in shown):
        yield "Separated: the likelihood has no maximum; the finite end of its 95% profile interval is shown."
    yield from _sizes(fitted, labels)
    for model in fitted:
        if not _is_univariable(model) or len(model["terms"]) > 1:
            yield f"{_name(model, labels)}: {_tests(model)}."
    yield from _missing(models, labels)


def _sizes(fitted: Sequence[Result], labels: Labels) -> Iterator[str]:
    """Once when all models have the same patients, else model by model."""
    sizes = {
        model["id"]: f"{notation.count(model['n'])} patients, {notation.count(model['events'])} events."
        for model in fitted
    }
    if len(set(sizes.values())) == 1:
        yield sizes[fitted[0]["id"]]
        return
    for model in fitted:
        yield f"{_name(model, labels)}: {sizes[model['id']]}"


def _tests(model: Result) -> str:
    return "; ".join(f"{name} {notation.chi_square(model['tests'][key])}" for key, name in _TESTS.items())


def _missing(models: Sequence[Result], labels: Labels) -> Iterator[str]:
    """Why a term or a whole model has no estimate."""
    for model in models:
        if not _is_fitted(model):
            yield f"{_name(model, labels)}, {model['status']}: {notation.reason(model)}."
        for term in _terms(model):
            if term["coef"] is None:
                name = labels.variable(term["variable"])
                level = "" if term["level"] is None else f" {labels.level(term['variable'], term['level'])}"
                yield f"{_kind(model)}, {name}{level}, not estimable: {notation.reason(term)}."


def _name(model: Result, labels: Labels) -> str:
    return f"{_kind(model)}, {labels.variable(_variables(model)[0])}" if _is_univariable(model) else _kind(model)


def _kind(model: Result) -> str:
    return "Univariable" if _is_univariable(model) else "Multivariable"
