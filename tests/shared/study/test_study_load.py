"""From text to a study: one hash for one meaning, and all problems in one pass."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import DataError
from riskset.study.load import canonical_json, load_study, parse_study, study_from_json, study_hash

ROOT = Path(__file__).parents[3]
TO_START_FROM = sorted([*ROOT.glob("configs/*.toml"), *ROOT.glob("server/riskset_server/demo/*.toml")])
HCC = (ROOT / "configs" / "hcc-second-line.toml").read_text(encoding="utf-8")
STUDY = parse_study(HCC)
DOCUMENT = json.loads(canonical_json(STUDY))
NAMED = ("sites", "variables", "endpoints", "analyses")


def written(value):
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {written(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def as_toml(document, chance):
    """The document as TOML in a random style: keys inside each table shuffled, comments and spacing anywhere.

    The order of sites, variables, endpoints and analyses is kept, as it means something.
    """

    def shuffled(value):
        if not isinstance(value, dict):
            return value
        return {key: shuffled(value[key]) for key in chance.sample(sorted(value), len(value))}

    tables = {name: value for name, value in document.items() if name != "order"}
    text = ""
    for name in ["schema", *chance.sample(sorted(set(tables) - {"schema"}), len(tables) - 1)]:
        value = tables[name]
        text += chance.choice(["", "\n", "# a comment = [1]\n"])
        if name in NAMED:
            text += f"[{name}]\n" + "".join(
                f"{key}{chance.choice(['=', ' = '])}{written(shuffled(value[key]))} # {key}\n"
                for key in document["order"][name]
            )
        elif isinstance(value, dict) and chance.random() < 0.5:
            text += f"[{name}]\n" + "".join(
                f"{k} = {written(v)}\n" for k, v in shuffled(value).items() if v is not None
            )
        else:
            text = f"{name} = {written(shuffled(value))}\n" + text
    return text


def leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for i, item in enumerate(value) for leaf in leaves(item, (*path, i))]
    return [path]


def changed(document, path, step):
    copy = json.loads(json.dumps(document))
    *way, last = path
    inside = copy
    for part in way:
        inside = inside[part]
    old = inside[last]
    match old:
        case bool():
            inside[last] = not old
        case int() | float():
            inside[last] = old + step
        case str():
            inside[last] = old[: len(old) // 2] + "abcdefghi"[step] + old[len(old) // 2 :]
        case None:
            inside[last] = "x"
    return copy


@pytest.mark.parametrize("path", TO_START_FROM, ids=lambda path: path.stem)
def test_the_studies_to_start_from_are_right(path):
    study = load_study(path)
    assert study_from_json(canonical_json(study)) == study


@given(st.randoms(use_true_random=False))
def test_comments_spacing_and_the_order_of_keys_do_not_change_the_hash(chance: random.Random):
    assert study_hash(parse_study(as_toml(DOCUMENT, chance))) == study_hash(STUDY)


@given(st.sampled_from(leaves({k: v for k, v in DOCUMENT.items() if k != "order"})), st.integers(1, 8))
def test_any_change_of_substance_changes_the_hash(path, step):
    try:
        other = parse_study(as_toml(changed(DOCUMENT, path, step), random.Random(0)))
    except DataError:
        return
    assert study_hash(other) != study_hash(STUDY)


@pytest.mark.parametrize("name", NAMED)
def test_the_order_of_what_is_named_is_substance(name):
    """It decides columns and which analysis gives way, so two parties with one hash must share it."""
    turned = dict(reversed(getattr(STUDY, name).items()))
    other = STUDY.model_copy(update={name: turned})
    assert study_hash(other) != study_hash(STUDY)
    assert list(getattr(study_from_json(canonical_json(other)), name)) == list(turned)


def test_the_order_of_a_list_is_substance():
    assert study_hash(parse_study(HCC.replace("[6, 12, 24]", "[6, 12]"))) != study_hash(STUDY)
    turned = HCC.replace('["arm", "age", "ecog", "mvi", "afp"]', '["age", "arm", "ecog", "mvi", "afp"]')
    assert study_hash(parse_study(turned)) != study_hash(STUDY)


def test_a_default_written_out_is_the_same_study():
    assert study_hash(parse_study(HCC.replace('baseline = "site", ', "", 1))) == study_hash(STUDY)
    without_floor = HCC[: HCC.index("[disclosure]")]
    assert study_hash(parse_study(without_floor)) == study_hash(STUDY)


def test_shorthands_are_the_same_study():
    lung = (ROOT / "tests" / "transcripts" / "studies" / "lung.toml").read_text(encoding="utf-8")
    short = lung.replace("title.en", "title").replace('endpoint = "os"', 'endpoints = ["os"]')
    assert study_hash(parse_study(short)) == study_hash(parse_study(lung))


def test_the_hash_is_the_sha256_of_rfc_8785():
    text = canonical_json(STUDY)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert b'"range":[0,10000000]' in text  # RFC 8785 writes 1e7 so
    assert b'"data_cutoff":"2024-05-31"' in text
    assert len(study_hash(STUDY)) == 64


def problems_of(text):
    with pytest.raises(DataError) as told:
        parse_study(text)
    return [str(problem) for problem in told.value.problems]


def replaced(old, new, text=HCC):
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("schema = 1", "schema = 2", 4, "schema: this riskset reads study files of schema 1, found the number 2"),
        ("schema = 1", "", None, "schema: required and missing"),
        ('"1.0.0"', "1.0", 8, "[study] version: expected text in quotes, found the number 1.0"),
        ('"1.0.0"', '"1 0"', 8, "[study] version: expected letters, digits, '.', '+' and '-', as in 1.0.0"),
        ("2018-06-01, to", "2024-06-01, to", 10, "[study] enrolled: the period ends (2023-11-30) before it begins"),
        ("2024-05-31", "2020-05-31", 6, "[study]: data_cutoff (2020-05-31) lies before enrolment ends (2023-11-30)"),
        ("2024-05-31", '"soon"', 11, "[study] data_cutoff: expected a date such as 2024-05-31, found text 'soon'"),
        ("data_cutoff ", "cutoff ", 11, "[study] cutoff: unknown key (did you mean 'data_cutoff'?)"),
        ("title.en", "title.EN", 9, "[study] title.EN: expected a language in small letters, as in en"),
        ('"KR"', '"Korea"', 14, "[sites] asan.country: expected a country in two capital letters, as in KR"),
        ("Site B, Kurume", "Site A, Seoul", 13, "[sites]: two sites are printed as 'Site A, Seoul'"),
        ("kurume =", "Asan =", 15, "[sites] Asan: asan and Asan differ in capital letters only"),
        (
            "kurume =",
            '"Kurume University" =',
            15,
            "[sites] Kurume University: expected a name that begins with a letter",
        ),
        ("kurume =", "asan =", 15, "syntax: this key stands twice"),
        ("asan   =", "asan   ", 14, "syntax: Expected '=' after a key"),
        ("range = [18, 100], ", "", 19, "[variables] age.range: required and missing"),
        ("[18, 100]", "[100, 18]", 19, "[variables] age.range: expected [lowest, highest] with lowest < highest"),
        ("[18, 100]", "[18]", 19, "[variables] age.range: expected two numbers, [lowest, highest]"),
        ("[18, 100]", "[18, 20, 100]", 19, "[variables] age.range: too long: at most 2 items"),
        ("[18, 100]", "[18, inf]", 19, "[variables] age.range.#2: expected a finite number"),
        ("[18, 100]", "[18, '100']", 19, "[variables] age.range.#2: expected a number, found text '100'"),
        ("step = 1, label", "step = 0, label", 19, "[variables] age.step: must be more than 0, found the number 0"),
        ('label = "Age"', 'lable = "Age"', 19, "[variables] age.lable: unknown key (did you mean 'label'?)"),
        ('type = "number", unit = "year"', 'type = "nunber"', 19, "did you mean 'number'?"),
        ('type = "number", unit = "year"', 'unit = "year"', 19, "[variables] age.type: required and missing"),
        ('age        = { type = "number", unit', 'age        = "number" #', 19, "[variables] age: expected a table"),
        ('["F", "M"]', '["F", "F"]', 20, "[variables] sex.levels: each level stands once; twice: 'F'"),
        ('["F", "M"]', '["F"]', 20, "[variables] sex.levels: needs at least 2 items"),
        ('["F", "M"]', '"F"', 20, "[variables] sex.levels: expected a list in square brackets, found text 'F'"),
        ("ordered = true", "ordered = 1", 22, "[variables] ecog.ordered: expected true or false, found the number 1"),
        ("[0, 1e7]", "[-1, 1e7]", 26, "[variables] afp: log10p1 is not defined at -1, where the range begins"),
        ('"log10p1"', '"log11"', 26, "did you mean 'log10p1'?"),
        ("ehs        =", "not        =", 25, "[variables] not: 'not' is a word of the rule grammar"),
        ('"age >= 18"', '"agee >= 18"', 34, "[[eligibility]] #1.rule: column 1: unknown variable 'agee' (did you mean"),
        ("['A', 'B']", "['A', 'C']", 39, "[[eligibility]] #2.rule: column 21: 'C' is none of the levels A, B"),
        ('"age >= 18"', "\"__import__('os')\"", 34, "[[eligibility]] #1.rule: column 1: there is no __import__() in a"),
        ('id    = "started"', 'id    = "adults"', 32, "[[eligibility]]: two rules have the id 'adults'"),
        (
            'arm = "arm"',
            'arm = "age"',
            48,
            "[comparison] arm: expected a category or boolean variable; 'age' is a number",
        ),
        ('arm = "arm"', 'arm = "amr"', 48, "[comparison] arm: unknown variable 'amr' (did you mean 'arm'?)"),
        ('"sorafenib"\n', '"soraf"\n', 49, "[comparison] reference: 'soraf' is no level of 'arm', whose levels are"),
        (
            'unit = "month"',
            'unit = "moon"',
            53,
            "[time] unit: expected 'day', 'week', 'month' or 'year', found text 'moon'",
        ),
        ("width_days = 7", "width_days = 0", 54, "[time] grid.width_days: must be at least 1, found the number 0"),
        (
            "width_days = 7",
            "width_days = 7.5",
            54,
            "[time] grid.width_days: expected a whole number, found the number 7.5",
        ),
        ("width_days = 7, ", "", 54, "[time] grid.width_days: required and missing"),
        ("max_days = 2191", "max_days = 5", 54, "[time] grid: width_days (7) is greater than max_days (5)"),
        (
            "max_days = 2191",
            "max_days = 500",
            69,
            "[analyses] survival.landmarks.#3: 24 months lie beyond max_days = 500",
        ),
        (
            'origin = "start"',
            'origin = "age"',
            57,
            "[endpoints] pfs.origin: expected a date variable; 'age' is a number",
        ),
        (
            '["progression", "death"]',
            '["progresion"]',
            58,
            "unknown variable 'progresion' (did you mean 'progression'?)",
        ),
        ('["progression", "death"]', '"death"', 58, "[endpoints] pfs.event: expected a list in square brackets"),
        ('["progression", "death"]', '["death", "start"]', 56, "[endpoints] pfs: 'start' stands in two places"),
        (
            '["progression", "death"]',
            '["death", "death"]',
            58,
            "[endpoints] pfs.event: each name stands once; twice: death",
        ),
        (
            'kind = "km"',
            'kind = "table1"',
            69,
            "'table1' is not offered yet (this version offers km, cox, rmst and follow-up of all patients)",
        ),
        (
            'kind = "km"',
            'kind = "cocks"',
            69,
            "[analyses] survival.kind: expected one of km, cox, rmst, follow-up, found 'cocks'",
        ),
        ('kind = "km"', 'kind = "km", populations = ["all", "match"]', 69, 'the only population is "all"'),
        (
            "[6, 12, 24]",
            "[6, 6, 24]",
            69,
            "[analyses] survival.landmarks: expected landmarks in ascending order, each once",
        ),
        ("[6, 12, 24]", "[0, 24]", 69, "[analyses] survival.landmarks.#1: must be more than 0"),
        ('["pfs", "os"], land', '["pfs", "so"], land', 69, "unknown endpoint 'so' (declared: pfs, os)"),
        ('baseline = "site"', 'baseline = "common"', 70, "cox.baseline: a common baseline is not offered yet"),
        (
            "univariable = true",
            "univariable = 1",
            70,
            "expected true, false or a list of covariates, found the number 1",
        ),
        ("univariable = true", 'univariable = ["start"]', 70, "expected a number, boolean or category variable"),
        ("univariable = true", 'univariable = ["agee"]', 70, "[analyses] cox.univariable.#1: unknown variable 'agee'"),
        (
            ', multivariable = ["arm", "age", "ecog", "mvi", "afp"]',
            "",
            70,
            "univariable = true means each covariate of",
        ),
        ('["arm", "age", "ecog"', '["arm", "arm", "ecog"', 70, "[analyses] cox.multivariable: each name stands once"),
        ("[analyses]", '[propensity]\ncovariates = ["age"]\n[analyses]', 68, "[propensity]: not offered yet"),
        ("[analyses]", "[analysis]", 68, "[analysis]: unknown key (did you mean 'analyses'?)"),
        ("min_cell = 5", "min_cell = 1", 73, "[disclosure] min_cell: must be at least 5, found the number 1"),
        ("min_cell = 5", "min_cell = nan", 73, "[disclosure] min_cell: expected a"),
        ('"required"\n', '"of"\n', 75, "[disclosure] secure_sum: expected 'required' or 'off', found text 'of'"),
    ],
)
def test_a_problem_is_told_with_its_line(old, new, line, said):
    found = problems_of(replaced(old, new))
    at = f"line {line}: " if line else ""
    assert any(problem.startswith(at) and said in problem for problem in found), found


DAYS = """
[endpoints.rfs]
days = "rfs_days"
event = "mvi"
"""


def with_days(**settings):
    variable = {"type": "number", "range": [0, 100], "unit": "day"} | settings
    text = replaced("[[eligibility]]", f"rfs_days = {written(variable)}\n[[eligibility]]")
    return replaced("[analyses]", DAYS + "[analyses]", text)


def test_an_endpoint_in_days_is_accepted():
    assert parse_study(with_days()).endpoints["rfs"].variables == ("rfs_days", "mvi")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"unit": "month"}, "[endpoints] rfs.days: times are in whole days; 'rfs_days' is in 'month'"),
        ({"range": [-1, 100]}, "[endpoints] rfs.days: days begin at 0 or later; the range of 'rfs_days' begins at -1"),
        ({"step": 0.5}, "[endpoints] rfs.days: days are whole numbers; the step of 'rfs_days' is 0.5"),
        ({"transform": "log1p"}, "[endpoints] rfs.days: days are used as they are; 'rfs_days' has transform = 'log1p'"),
    ],
)
def test_days_are_whole_days(settings, said):
    (problem,) = problems_of(with_days(**settings))
    assert said in problem


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('days = "rfs_days"', 'days = "start"', "rfs.days: expected a number variable; 'start' is a date"),
        ('event = "mvi"', 'event = "age"', "rfs.event: expected a boolean variable; 'age' is a number"),
        ('event = "mvi"', 'event = "mvi"\nentry = "ehs"', "rfs.entry: expected a number variable; 'ehs' is a boolean"),
        ('event = "mvi"', 'event = "mvi"\nentry = "rfs_days"', "rfs.entry: entry and days are the same variable"),
        ('event = "mvi"', 'event = "mvi"\norigin = "start"', "rfs.origin: unknown key (known here: days, event, entry"),
    ],
)
def test_an_endpoint_in_days_needs_a_number_and_a_boolean(old, new, said):
    (problem,) = problems_of(replaced(old, new, with_days()))
    assert said in problem


def test_an_outcome_cannot_explain_itself():
    text = replaced('"pfs", "os"], baseline', '"rfs"], baseline', with_days())
    (problem,) = problems_of(text)
    assert "cox.multivariable.#4: 'mvi' makes the endpoint 'rfs' and cannot explain it" in problem


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    """A wrong type in one table does not hide a wrong reference in another, as pydantic alone would."""
    text = replaced(
        '"1.0.0"', "1", replaced('origin = "start"', 'origin = "strat"', replaced("age >= 18", "agee > 1", HCC))
    )
    text = replaced("min_cell = 5", 'min_cell = "five"', replaced('"afp"]', '"afb"]', text))
    text = replaced('baseline = "site"', 'baseline = "common"', text)
    assert [problem.split(": ")[1] for problem in problems_of(text)] == [
        "[study] version",
        "[[eligibility]] #1.rule",
        "[endpoints] pfs.origin",
        "[analyses] cox.baseline",
        "[analyses] cox.multivariable.#5",
        "[disclosure] min_cell",
    ]


def test_a_wrong_declaration_is_told_once_not_at_every_use():
    (problem,) = problems_of(replaced("range = [18, 100], ", "", HCC))
    assert "age.range: required and missing" in problem


@pytest.mark.parametrize("section", ["sites", "variables", "endpoints", "analyses"])
def test_an_empty_table_is_no_study(section):
    document = json.loads(json.dumps(DOCUMENT))
    document[section], document["order"][section] = {}, []
    assert any(
        f"[{section}]: must not be empty" in problem for problem in problems_of(as_toml(document, random.Random(1)))
    )


def test_an_empty_file_lacks_everything():
    said = problems_of("")
    assert {problem.split(": ")[0] for problem in said} == {
        "schema",
        "[study]",
        "[sites]",
        "[variables]",
        "[time]",
        "[endpoints]",
        "[analyses]",
    }


@pytest.mark.parametrize("wrong", ["sites = 1", "variables = [1]", "eligibility = 'x'", "analyses.km = 3", "time = []"])
def test_a_table_of_the_wrong_shape_is_told_not_crashed_on(wrong):
    assert any("expected a" in problem for problem in problems_of(f"schema = 1\n{wrong}"))


def test_a_file_that_cannot_be_read_has_no_problems_of_its_own(tmp_path):
    latin = tmp_path / "latin.toml"
    latin.write_bytes("title = 'Ätiologie'".encode("latin-1"))
    for path, said in ((tmp_path / "none.toml", "cannot read"), (latin, "not UTF-8"), (tmp_path, "cannot read")):
        with pytest.raises(DataError, match=said) as told:
            load_study(path)
        assert told.value.problems == ()


def test_a_byte_order_mark_is_no_part_of_the_study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HCC.replace("\n", "\r\n").encode())
    assert study_hash(load_study(path)) == study_hash(STUDY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        canonical_json(STUDY).replace(b'"order":{"analyses":["survival","cox"]', b'"order":{"analyses":["survival"]'),
        canonical_json(STUDY).replace(b'"order":{"analyses":["survival"', b'"order":{"analyses":["other"'),
        canonical_json(STUDY).replace(b'"min_cell":5', b'"min_cell":1'),
        canonical_json(STUDY).replace(b'"schema":1', b'"schema":1,"more":1'),
    ],
)
def test_json_that_is_no_study_is_refused(data):
    with pytest.raises(DataError):
        study_from_json(data)
