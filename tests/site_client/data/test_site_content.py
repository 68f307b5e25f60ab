"""R14 at a site: which patients changed between two versions of a study, by the columns of the export and not by what
the study calls them."""

from datetime import date

import pytest

from riskset.errors import Refused
from riskset.protocol.earlier_runs import Changes, apart_since, changed
from riskset.secure.keys import new_identity
from riskset_site.data.holding import load_holding

SEED = new_identity()
HEAD = 'schema = 1\n[study]\nid = "trial"\nversion = "1"\ntitle = "A trial"\n[sites]\nkurume = { name = "Kurume" }\n'
TAIL = "[time]\ngrid = { width_days = 7, max_days = 2191 }\n"
VARIABLES = {
    "arm": '{ type = "category", levels = ["old", "new"] }',
    "age": '{ type = "number", range = [18, 100] }',
    "mvi": '{ type = "boolean" }',
    "start": '{ type = "date" }',
    "death": '{ type = "date", required = false }',
    "last": '{ type = "date" }',
}
DATES = 'origin = "start", event = ["death"], censor = "last"'
SOURCE = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\ncsv = "export.csv"\nkey = "id"\n'


def study(variables=VARIABLES, endpoints=None, covariates=("arm", "age", "mvi")):
    endpoints = {"os": DATES} if endpoints is None else endpoints
    lines = [f"{name} = {spec}" for name, spec in variables.items()]
    ends = [f"{name} = {{ {spec} }}" for name, spec in endpoints.items()]
    names = ", ".join(f'"{name}"' for name in covariates)
    of = ", ".join(f'"{name}"' for name in endpoints)
    cox = f'cox = {{ kind = "cox", endpoints = [{of}], multivariable = [{names}] }}'
    return "\n".join([HEAD, "[variables]", *lines, TAIL, "[endpoints]", *ends, "[analyses]", cox])


def patients(n=40):
    """One dictionary for each row of the export."""
    rows = []
    for i in range(n):
        dead, days = i % 3 != 0, 30 + 17 * i % 700
        end = f"{2020 + (days + i) // 365}-{i % 12 + 1:02}-{i % 28 + 1:02}"
        row = {"id": f"P{i}", "arm": ("old", "new")[i % 2], "age": str(40 + i * 7 % 45)}
        row["mvi"] = ("yes", "no")[i // 2 % 2]
        rows.append(row | {"start": "2019-12-01", "death": end if dead else "", "last": end})
    return rows


@pytest.fixture
def rows_of(hospital):
    def load(rows, text=None, site_file=SOURCE):
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        hospital.exports("\n".join(lines) + "\n")
        hospital.joins_as_written(text or study())
        hospital.writes(text=site_file)
        return load_holding(hospital.site_file, hospital.study, SEED).rows

    return load


def without(mapping, name):
    return {key: value for key, value in mapping.items() if key != name}


def updated(rows, patient=4, **values):
    return [{**row, **values} if i == patient else row for i, row in enumerate(rows)]


ONE = {"last": "2023-03-03", "death": ""}
"""A follow-up that goes on."""


def test_r14_by_renaming_the_endpoint(rows_of):
    before, text = rows_of(patients()), study(endpoints={"overall": DATES})
    assert changed(before, rows_of(patients(), text)) == Changes(0)
    assert changed(before, rows_of(updated(patients(), **ONE), text)) == Changes(1)


def test_r14_by_another_endpoint_over_the_same_dates(rows_of):
    """That few patients have a relapse is no change of their data; a follow-up that goes on is."""

    def with_relapse(rows):
        return [{**row, "relapse": row["last"] if i in (3, 9) else ""} for i, row in enumerate(rows)]

    pfs = 'origin = "start", event = ["relapse", "death"], censor = "last"'
    text = study(VARIABLES | {"relapse": '{ type = "date", required = false }'}, {"pfs": pfs})
    before = rows_of(with_relapse(patients()))
    assert changed(before, rows_of(with_relapse(patients()), text)) == Changes(0)
    assert changed(before, rows_of(updated(with_relapse(patients()), **ONE), text)) == Changes(1)


def test_r14_by_an_event_that_competes_in_one_version_and_counts_in_the_other(rows_of):
    """The columns are the same, what they say of the outcome is not. A patient who changed is found in both."""

    def with_relapse(rows):
        return [{**row, "relapse": row["last"] if i % 4 == 0 else ""} for i, row in enumerate(rows)]

    variables = VARIABLES | {"relapse": '{ type = "date", required = false }'}
    pfs = study(variables, {"pfs": 'origin = "start", event = ["relapse", "death"], censor = "last"'})
    ttp = study(variables, {"ttp": 'origin = "start", event = ["relapse"], competing = ["death"], censor = "last"'})
    before = rows_of(with_relapse(patients()), ttp)
    assert changed(before, rows_of(with_relapse(patients()), ttp)) == Changes(0)
    assert changed(before, rows_of(with_relapse(patients()), pfs)) == Changes(0)
    exchanged = with_relapse(patients())
    exchanged[4] = {**exchanged[4], "relapse": "", "death": exchanged[4]["last"]}
    assert changed(before, rows_of(exchanged, ttp)) == Changes(1)
    assert changed(before, rows_of(exchanged, pfs)) == Changes(1)


RENAMED = {("age_now" if name == "age" else name): spec for name, spec in VARIABLES.items()}
LOG = VARIABLES | {"age": '{ type = "number", unit = "decade", range = [1, 120], transform = "log" }'}
LEVELS = VARIABLES | {"arm": '{ type = "category", levels = ["B", "A"] }'}
AS_LEVELS = VARIABLES | {"mvi": '{ type = "category", levels = ["no", "yes"] }'}
ANSWERS = {
    "a variable renamed": (
        study(RENAMED, covariates=("arm", "age_now", "mvi")),
        '[map]\nage_now = "age"\n',
        "age",
        "99",
    ),
    "another transform and unit": (study(LOG), "", "age", "99"),
    "other levels": (
        study(LEVELS),
        '[map]\narm = { column = "arm", recode = { old = "A", new = "B" } }\n',
        "arm",
        "new",
    ),
    "declared as another type": (study(AS_LEVELS), "", "mvi", "no"),
    "two names exchanged": (
        study(VARIABLES | {"arm": VARIABLES["mvi"], "mvi": VARIABLES["arm"]}),
        '[map]\narm = "mvi"\nmvi = "arm"\n',
        "mvi",
        "no",
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_r14_by_declaring_a_variable_again(rows_of, case):
    text, mapped, name, value = ANSWERS[case]
    before = rows_of(patients())
    assert changed(before, rows_of(patients(), text, SOURCE + mapped)) == Changes(0)
    assert changed(before, rows_of(updated(patients(), **{name: value}), text, SOURCE + mapped)) == Changes(1)


def test_r14_by_days_in_place_of_dates(rows_of):
    """The export has days beside the dates; a version of the study that uses them has another column for each field."""

    def with_days(rows):
        found = []
        for row, days in zip(rows, days_of(rows), strict=True):
            found.append({**row, "os_days": str(days), "dead": "yes" if row["death"] else "no"})
        return found

    def days_of(rows):
        ends = [date.fromisoformat(row["death"] or row["last"]) for row in rows]
        return [(end - date.fromisoformat(row["start"])).days for end, row in zip(ends, rows, strict=True)]

    days = {"os_days": '{ type = "number", range = [0, 5000] }', "dead": '{ type = "boolean" }'}
    text = study(VARIABLES | days, {"os": 'days = "os_days", event = "dead"'})
    before = rows_of(with_days(patients()))
    assert changed(before, rows_of(with_days(patients()), text)) == Changes(0)
    assert changed(before, rows_of(with_days(updated(patients(), **ONE)), text)) == Changes(0, alike=1)


@pytest.mark.parametrize("is_left", [True, False], ids=["copied", "renamed"])
def test_r14_by_another_header(rows_of, is_left):
    def moved(rows):
        return [{**(row if is_left else without(row, "age")), "years": row["age"]} for row in rows]

    site_file = SOURCE + '[map]\nage = "years"\n'
    before = rows_of(patients())
    assert changed(before, rows_of(moved(patients()), site_file=site_file)) == Changes(0)
    assert changed(before, rows_of(moved(updated(patients(), age="99")), site_file=site_file)) == Changes(0, alike=1)


def test_r14_by_a_text_that_is_read_as_another_level(rows_of):
    """No cell changed, and one patient is in the other arm."""
    rows = updated(patients(), arm="trial")
    first = SOURCE + '[map]\narm = { column = "arm", recode = { trial = "new" } }\n'
    second = SOURCE + '[map]\narm = { column = "arm", recode = { trial = "old" } }\n'
    before = rows_of(rows, site_file=first)
    assert changed(before, rows_of(rows, site_file=second)) == Changes(0, alike=1)
    more = updated(rows, 7, arm="extension")
    third = first.replace("{ trial", '{ extension = "new", trial')
    assert changed(before, rows_of(more, site_file=third)) == Changes(1)  # a new text, and a recode for it, is honest


def test_r14_by_another_answer_from_one_column(rows_of):
    """Two yes-no variables of one column of several texts: a version declares the other, and most patients differ."""
    status = [{**row, "state": ("well", "relapsed", "dead")[i % 3]} for i, row in enumerate(patients())]
    text = study(VARIABLES | {"bad": '{ type = "boolean" }'}, covariates=("arm", "age", "bad"))
    form = '[map]\nbad = {{ column = "state", recode = {{ well = "no", relapsed = "{}", dead = "{}" }} }}\n'
    recodes = [form.format("yes", "no"), form.format("no", "yes")]
    before = rows_of(status, text, SOURCE + recodes[0])
    assert changed(before, rows_of(status, text, SOURCE + recodes[1])) == Changes(0)
    assert changed(before, rows_of(updated(status, state="dead"), text, SOURCE + recodes[1])) == Changes(1)


def test_r14_by_an_earlier_cutoff(rows_of):
    """No cell changed, and the follow-up of few patients ends before."""
    cut = study().replace('title = "A trial"', 'title = "A trial"\ndata_cutoff = 2021-08-01')
    found = changed(rows_of(patients()), rows_of(patients(), cut))
    assert 0 < found.rows < 40


def test_r14_by_other_patient_numbers(rows_of):
    """All keys are new: every patient would count as changed, and hide the one who was."""
    before = rows_of(patients())
    numbered = [{**row, "id": f"Q{i}"} for i, row in enumerate(updated(patients(), age="99"))]
    assert changed(before, rows_of(numbered)) == Changes(1)
    assert changed(before, rows_of([{**row, "id": f"Q{i}"} for i, row in enumerate(patients())])) == Changes(0)


def test_what_is_honest_is_no_change(rows_of):
    """One more variable; an export with other forms of numbers and dates; another order of rows."""
    more = [{**row, "afp": str(i)} for i, row in enumerate(patients())]
    text = study(VARIABLES | {"afp": '{ type = "number", range = [0, 1e6] }'}, covariates=("arm", "age", "mvi", "afp"))
    before = rows_of(more)
    assert changed(before, rows_of(more, text)) == Changes(0)
    other = [{**row, "age": f"{row['age']}.0", "start": row["start"].replace("-", "/")} for row in reversed(more)]
    site_file = SOURCE + 'dates = ["%Y-%m-%d", "%Y/%m/%d"]\n'
    assert changed(before, rows_of(other, text, site_file)) == Changes(0)


def test_a_variable_dropped_and_another_that_is_often_equal_at_a_small_site(rows_of):
    """Eleven of twelve patients answer both questions alike. It is an accident, and no change."""
    rows = [{**row, "vp": "yes" if i in (0, 1, 4, 5, 8) else "no"} for i, row in enumerate(patients(12))]
    assert sum(row["vp"] == row["mvi"] for row in rows) == 11
    text = study(VARIABLES | {"vp": VARIABLES["mvi"]}, covariates=("arm", "age", "vp"))
    assert changed(rows_of(rows), rows_of(rows, text)) == Changes(0)


def test_where_nothing_can_be_matched_it_is_refused(rows_of):
    before = rows_of(patients())
    nothing = [{"id": row["id"], "x": str(i % 2), "d": str(i), "e": str(i % 2)} for i, row in enumerate(patients())]
    variables = {"x": '{ type = "boolean" }', "d": '{ type = "number", range = [0, 99] }', "e": '{ type = "boolean" }'}
    text = study(variables, {"other": 'days = "d", event = "e"'}, covariates=("x",))
    with pytest.raises(Refused, match="no field in common") as no:
        changed(before, rows_of(nothing, text))
    assert no.value.code == "fields"


def test_a_column_that_is_declared_and_written_in_another_way(rows_of):
    """Every patient would count as changed, and hide the one who was."""
    before = rows_of(patients())
    written = [{**row, "arm": {"old": "A", "new": "B"}[row["arm"]]} for row in patients()]
    with pytest.raises(Refused, match="the export writes most of its cells in another way") as no:
        changed(before, rows_of(written, study(LEVELS)))
    assert no.value.code == "rewritten"
    recoded = SOURCE + '[map]\narm = { column = "arm", recode = { A = "old", B = "new" } }\n'
    assert changed(before, rows_of(written, site_file=recoded)) == Changes(0)


def test_a_run_of_an_earlier_version_is_compared_by_its_names(rows_of):
    """riskset 0.1.0 kept marks that only the study's names can find again."""
    before = rows_of(patients()).named()
    assert changed(before, rows_of(patients())) == Changes(0)
    assert changed(before, rows_of(updated(patients(), **ONE))) == Changes(1)
    with pytest.raises(Refused, match="recorded a run with names that this version of the study does not use") as no:
        changed(before, rows_of(patients(), study(endpoints={"overall": DATES})))
    assert "keep the names" in no.value.hint


OPTIONAL = '{ type = "date", required = false }'
AFP = '{ type = "number", range = [0, 1000], required = false }'
BY_MODEL = 'missing = "by_model", multivariable'
RULE = '[[eligibility]]\nid = "asked"\nrule = "mvi or not missing(last)"\n'


def unfollowed(rows, patient=4):
    """One patient has no follow-up, and so is in no set; how many have none is counted all the same."""
    return updated(rows, patient, last="", death="")


@pytest.mark.parametrize("mvi", ["yes", "no"])
def test_r14_by_eligibility_of_a_patient_whom_nobody_analyses(rows_of, mvi):
    """How many lack follow-up, in a version for all and in one for those with invasion, would tell who has it."""
    variables = VARIABLES | {"last": OPTIONAL}
    rows = updated(unfollowed(patients()), mvi=mvi)
    before = rows_of(rows, study(variables))
    after = rows_of(rows, study(variables).replace("[variables]", RULE + "[variables]"))
    assert changed(before, after) == (Changes(0) if mvi == "yes" else Changes(1, entered=1))


def test_r14_counts_only_what_is_told_of_patients_whom_nobody_analyses(rows_of):
    text = study(VARIABLES | {"last": OPTIONAL, "afp": AFP}, covariates=("arm", "age", "mvi", "afp"))
    rows = [{**row, "afp": "20"} for row in unfollowed(patients())]
    before = rows_of(rows, text)
    assert changed(before, rows_of(updated(rows, age="71"), text)) == Changes(0)
    assert changed(before, rows_of(updated(rows, afp=""), text)) == Changes(1)


def test_r14_by_a_set_without_a_partner(rows_of):
    """A model with a set of its own, `by_model`: one patient lacks a covariate, and there is a set of all still."""
    variables = VARIABLES | {"afp": AFP}
    rows = updated([{**row, "afp": "20"} for row in patients()], afp="")

    def asked(*covariates):
        return rows_of(rows, study(variables, covariates=covariates).replace("multivariable", BY_MODEL))

    before, with_afp = rows_of(rows, study(variables)), ("arm", "age", "mvi", "afp")
    for now, apart in (
        (rows_of(rows, study(variables, covariates=with_afp)), 1),
        (asked(*with_afp), 1),
        (asked("arm", "age", "mvi"), 0),
    ):
        assert changed(before, now).entered == 0  # whoever is in no set is counted still
        found = apart_since([("run", 0)], {"run": before}, now, range(9))
        assert max(found["run", 0].values()) == apart


def test_r14_tells_other_patients_from_other_patient_numbers(rows_of):
    before = rows_of(patients())
    others = [{**row, "id": f"Q{i}"} for i, row in enumerate(patients())]
    assert changed(before, rows_of(others)) == Changes(0)
    assert changed(before, rows_of(others[:-2])) == Changes(2, entered=2)
    assert changed(before, rows_of([{**row, "age": str(60 + i)} for i, row in enumerate(others)])) == Changes(40, 40)
