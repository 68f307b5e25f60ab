"""From text to a study: one hash for one content, and all problems in one pass."""

import itertools
import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import DataError
from riskset.study.load import canonical_json, load_study, parse_study, study_from_json, study_hash

ROOT = Path(__file__).parents[3]
TO_START_FROM = sorted([*ROOT.glob("configs/*.toml"), *ROOT.glob("demonstrations/riskset_demo/studies/*.toml")])
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

    The order of sites, variables, endpoints and analyses is kept, because it is part of the study.
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


@pytest.mark.parametrize("languages", list(itertools.permutations(("en", "ja", "ko"))))
def test_a_study_of_a_file_writes_the_bytes_of_the_one_of_a_record(languages):
    """The results of a run are written once from the study's file, and again from its canonical JSON."""
    titles = "".join(f'title.{language} = "{language}"\n' for language in languages)
    study = parse_study(re.sub(r"(?m)^title.*\n", titles, HCC, count=1))
    again = study_from_json(canonical_json(study))
    assert list(study.header.title) == ["en", "ja", "ko"]
    assert study.model_dump_json(by_alias=True) == again.model_dump_json(by_alias=True)


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
def test_the_order_of_named_entries_is_part_of_the_study(name):
    """It decides columns and which analysis is dropped, so parties with the same hash must share it."""
    turned = dict(reversed(getattr(STUDY, name).items()))
    other = STUDY.model_copy(update={name: turned})
    assert study_hash(other) != study_hash(STUDY)
    assert list(getattr(study_from_json(canonical_json(other)), name)) == list(turned)


def test_the_order_of_a_list_is_part_of_the_study():
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
    with pytest.raises(DataError) as raised:
        parse_study(text)
    return raised.value.problems


def replaced(old, new, text=HCC):
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "line", "where", "code"),
    [
        ("schema = 1", "schema = 2", 4, "schema", "study.key.schema"),
        ("schema = 1", "", None, "schema", "study.key.missing"),
        ('"1.0.0"', "1.0", 8, "[study] version", "study.expected.text"),
        ('"1.0.0"', '"1 0"', 8, "[study] version", "study.expected.version"),
        ("2018-06-01, to", "2024-06-01, to", 10, "[study] enrolled", "study.value.period"),
        ("2024-05-31", "2020-05-31", 6, "[study]", "study.value.cutoff"),
        ("2024-05-31", '"soon"', 11, "[study] data_cutoff", "study.expected.date"),
        ("data_cutoff ", "cutoff ", 11, "[study] cutoff", "study.key.unknown"),
        ("title.en", "title.EN", 9, "[study] title.EN", "study.expected.language"),
        ('"KR"', '"Korea"', 14, "[sites] asan.country", "study.expected.country"),
        ("Site B, Kurume", "Site A, Seoul", 13, "[sites]", "study.site.same_name"),
        ("kurume =", "Asan =", 15, "[sites] Asan", "study.site.same_letters"),
        ("kurume =", "Com1 =", 15, "[sites] Com1", "study.site.device"),
        ("kurume =", '"Kurume University" =', 15, "[sites] Kurume University", "study.expected.name"),
        ("kurume =", "asan =", 15, "syntax", "study.file.twice"),
        ("asan   =", "asan   ", 14, "syntax", "study.file.syntax"),
        ("range = [18, 100], ", "", 19, "[variables] age.range", "study.key.missing"),
        ("[18, 100]", "[100, 18]", 19, "[variables] age.range", "study.value.range"),
        ("[18, 100]", "[18]", 19, "[variables] age.range", "study.expected.two_numbers"),
        ("[18, 100]", "[18, 20, 100]", 19, "[variables] age.range", "study.expected.items_at_most"),
        ("[18, 100]", "[18, inf]", 19, "[variables] age.range.#2", "study.expected.finite_number"),
        ("[18, 100]", "[18, '100']", 19, "[variables] age.range.#2", "study.expected.number"),
        ("step = 1, label", "step = 0, label", 19, "[variables] age.step", "study.expected.more_than"),
        ('label = "Age"', 'lable = "Age"', 19, "[variables] age.lable", "study.key.unknown"),
        ('type = "number", unit = "year"', 'type = "nunber"', 19, "[variables] age.type", "study.expected.choice"),
        ('type = "number", unit = "year"', 'unit = "year"', 19, "[variables] age.type", "study.key.missing"),
        (
            'age        = { type = "number", unit',
            'age        = "number" #',
            19,
            "[variables] age",
            "study.expected.table",
        ),
        ('["F", "M"]', '["F", "F"]', 20, "[variables] sex.levels", "study.value.duplicate_level"),
        ('["F", "M"]', '["F"]', 20, "[variables] sex.levels", "study.expected.items_at_least"),
        ('["F", "M"]', '"F"', 20, "[variables] sex.levels", "study.expected.list"),
        ("ordered = true", "ordered = 1", 22, "[variables] ecog.ordered", "study.expected.boolean"),
        ("[0, 1e7]", "[-1, 1e7]", 26, "[variables] afp", "study.value.transform"),
        ('"log10p1"', '"log11"', 26, "[variables] afp.transform", "study.expected.choice"),
        ("ehs        =", "not        =", 25, "[variables] not", "study.variable.grammar_word"),
        ('"age >= 18"', '"agee >= 18"', 34, "[[eligibility]] #1.rule", "study.variable.unknown"),
        ("['A', 'B']", "['A', 'C']", 39, "[[eligibility]] #2.rule", "study.rule.unknown_level"),
        ('"age >= 18"', "\"__import__('os')\"", 34, "[[eligibility]] #1.rule", "study.rule.unknown_function"),
        ('id    = "started"', 'id    = "adults"', 32, "[[eligibility]]", "study.rule.same_id"),
        ('arm = "arm"', 'arm = "age"', 48, "[comparison] arm", "study.variable.wrong_type"),
        ('arm = "arm"', 'arm = "amr"', 48, "[comparison] arm", "study.variable.unknown"),
        ('"sorafenib"\n', '"soraf"\n', 49, "[comparison] reference", "study.variable.unknown_level"),
        ('unit = "month"', 'unit = "moon"', 53, "[time] unit", "study.expected.choice"),
        ("width_days = 7", "width_days = 0", 54, "[time] grid.width_days", "study.expected.at_least"),
        ("width_days = 7", "width_days = 7.5", 54, "[time] grid.width_days", "study.expected.integer"),
        ("width_days = 7, ", "", 54, "[time] grid.width_days", "study.key.missing"),
        ("max_days = 2191", "max_days = 5", 54, "[time] grid", "study.value.grid"),
        ("[time]", "[time]\nticks = [0, 12, 6]", 53, "[time] ticks", "study.value.ascending"),
        ("[time]", "[time]\nticks = [0, 80]", 53, "[time] ticks", "study.analysis.beyond_grid"),
        ("[time]", "[time]\nticks = [-6, 6]", 53, "[time] ticks.#1", "study.expected.at_least"),
        ("max_days = 2191", "max_days = 500", 69, "[analyses] survival.landmarks.#3", "study.analysis.beyond_grid"),
        ('origin = "start"', 'origin = "age"', 57, "[endpoints] pfs.origin", "study.variable.wrong_type"),
        ('["progression", "death"]', '["progresion"]', 58, "[endpoints] pfs.event.#1", "study.variable.unknown"),
        ('["progression", "death"]', '"death"', 58, "[endpoints] pfs.event", "study.expected.list"),
        ('["progression", "death"]', '["death", "start"]', 56, "[endpoints] pfs", "study.endpoint.same_date"),
        ('["progression", "death"]', '["death", "death"]', 58, "[endpoints] pfs.event", "study.value.duplicate_name"),
        ('kind = "km"', 'kind = "cocks"', 69, "[analyses] survival.kind", "study.expected.choice"),
        (
            'kind = "km"',
            'kind = "km", populations = ["all", "match"]',
            69,
            "[analyses] survival.populations.#2",
            "study.propensity.unknown",
        ),
        ("[6, 12, 24]", "[6, 6, 24]", 69, "[analyses] survival.landmarks", "study.value.ascending"),
        ("[6, 12, 24]", "[0, 24]", 69, "[analyses] survival.landmarks.#1", "study.expected.more_than"),
        (
            '["pfs", "os"], land',
            '["pfs", "so"], land',
            69,
            "[analyses] survival.endpoints.#2",
            "study.endpoint.unknown",
        ),
        ('baseline = "site"', 'baseline = "common"', 70, "[analyses] cox.baseline", "study.analysis.baseline"),
        (
            "univariable = true",
            'univariable = true, robust = "matched-set"',
            70,
            "[analyses] cox.robust",
            "study.cox.no_matched_sets",
        ),
        ("univariable = true", "univariable = 1", 70, "[analyses] cox.univariable", "study.expected.flag_or_list"),
        (
            "univariable = true",
            'univariable = ["start"]',
            70,
            "[analyses] cox.univariable.#1",
            "study.variable.wrong_type",
        ),
        ("univariable = true", 'univariable = ["agee"]', 70, "[analyses] cox.univariable.#1", "study.variable.unknown"),
        (', multivariable = ["arm", "age", "ecog", "mvi", "afp"]', "", 70, "[analyses] cox", "study.cox.nothing_alone"),
        (
            '["arm", "age", "ecog"',
            '["arm", "arm", "ecog"',
            70,
            "[analyses] cox.multivariable",
            "study.value.duplicate_name",
        ),
        ("[analyses]", "[analysis]", 68, "[analysis]", "study.key.unknown"),
        ("min_cell = 5", "min_cell = 1", 73, "[disclosure] min_cell", "study.expected.at_least"),
        ("min_cell = 5", "min_cell = nan", 73, "[disclosure] min_cell", "study.expected.integer"),
        ('"required"\n', '"of"\n', 75, "[disclosure] secure_sum", "study.expected.choice"),
    ],
)
def test_a_problem_has_its_line_its_key_and_its_cause(old, new, line, where, code):
    found = [(problem.line, problem.where, problem.message.code) for problem in problems_of(replaced(old, new))]
    assert (line, where, code) in found


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("data_cutoff ", "cutoff ", "line 11: [study] cutoff: unknown key (did you mean 'data_cutoff'?)"),
        (
            "asan   =",
            "asan   ",
            "line 14: syntax, column 9: cannot be read: Expected '=' after a key in a key/value pair",
        ),
        ("kurume =", "asan =", "line 15: syntax, column 51: asan is already on line 14; keep one of the two"),
        ("[18, 100]", "[18, '100']", 'line 19: [variables] age.range.#2: expected a number, found "100"'),
        (
            '"age >= 18"',
            '"agee >= 18"',
            "line 34: [[eligibility]] #1.rule, column 1: unknown variable 'agee' (did you mean 'age'?)",
        ),
        (
            'arm = "arm"',
            'arm = "age"',
            "line 48: [comparison] arm: 'age' is a number variable; expected type: category, boolean",
        ),
        (
            'unit = "month"',
            'unit = "moon"',
            'expected one of "day", "week", "month", "year", found "moon" (did you mean \'month\'?)',
        ),
        ('["pfs", "os"], land', '["pfs", "so"], land', "unknown endpoint 'so' (declared endpoints: pfs, os)"),
        ('baseline = "site"', 'baseline = "common"', 'hazard is not supported yet (write baseline = "site")'),
    ],
)
def test_a_problem_says_what_to_do(old, new, problem):
    (found,) = problems_of(replaced(old, new))
    assert problem in str(found)


def test_a_problem_for_programs_has_a_code_and_values():
    (found,) = problems_of(replaced("min_cell = 5", "min_cell = 1"))
    assert found.to_json() == {
        "line": 73,
        "column": None,
        "where": "[disclosure] min_cell",
        "message": "must be at least 5, found 1",
        "hint": "",
        "code": "study.expected.at_least",
        "values": {"bound": 5, "found": "1"},
    }


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


TTP = """
[endpoints.ttp]
origin = "start"
event = ["progression"]
competing = ["death"]
censor = "last_contact"
"""
CIF = '[analyses]\ncif = { kind = "cumulative-incidence", endpoint = "ttp" }\n'


def test_competing_events_are_accepted():
    endpoint = parse_study(replaced("[analyses]", TTP + CIF)).endpoints["ttp"]
    assert endpoint.variables == ("start", "progression", "death", "last_contact")
    assert endpoint.causes == ("progression", "death")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('competing = ["death"]', 'competing = ["progression"]', "study.endpoint.same_date"),
        ('competing = ["death"]', 'competing = ["mvi"]', "study.variable.wrong_type"),
        ('competing = ["death"]', 'competing = ["death", "death"]', "study.value.duplicate_name"),
        ('competing = ["death"]\n', "", "study.cumulative_incidence.no_competing"),
        ('endpoint = "ttp" }', 'endpoint = "ttp", fine_gray = ["death"] }', "study.variable.wrong_type"),
        ('endpoint = "ttp" }', 'endpoint = "ttp", landmarks = [12, 6] }', "study.value.ascending"),
    ],
)
def test_what_cannot_compete_or_be_counted(old, new, code):
    found = problems_of(replaced("[analyses]", (TTP + CIF).replace(old, new)))
    assert code in [problem.message.code for problem in found]


ALONE = '[analyses]\nchecked = { kind = "cox", endpoint = "ttp", univariable = ["mvi"], ph_test = ["km"] }\n'
CURVE = 'curve = { kind = "km", endpoint = "ttp" }\n'


def test_tests_of_proportional_hazards_need_a_curve_of_the_same_patients():
    assert parse_study(replaced("[analyses]\n", TTP + ALONE + CURVE)).analyses["checked"].ph_test == ("km",)
    of_others = CURVE.replace('"ttp"', '"ttp", missing = "by_model"')
    by_model = ALONE.replace('"ttp"', '"ttp", missing = "by_model"')
    for lines, code in (
        (ALONE, "study.cox.ph_needs_curve"),
        (ALONE + of_others + CURVE.replace("curve", "later"), "study.cox.ph_needs_curve"),  # the first has the id
        (by_model + CURVE, "study.cox.ph_other_patients"),
        (ALONE.replace('["km"]', '["km"], landmark = 3') + CURVE, "study.cox.ph_other_patients"),
        (ALONE.replace("ph_test", 'linearity = "likelihood_ratio", ph_test') + CURVE, "study.cox.linearity_of_nothing"),
        (ALONE.replace("ph_test", "firth = true, ph_test") + CURVE, "study.cox.not_penalised"),
        (ALONE.replace('ph_test = ["km"]', 'firth = true, robust = "patient"'), "study.cox.not_penalised"),
        (ALONE.replace('ph_test = ["km"]', 'firth = true, profile_limits = ["mvi"]'), "study.cox.not_penalised"),
        (ALONE.replace('ph_test = ["km"]', 'profile_limits = ["age"]'), "study.cox.profile_of_nothing"),
        (
            ALONE.replace('ph_test = ["km"]', 'profile_limits = ["mvi"], robust = "patient"'),
            "study.cox.profile_or_robust",
        ),
    ):
        assert [problem.message.code for problem in problems_of(replaced("[analyses]\n", TTP + lines))] == [code]


WEIGHT = 'w = { type = "number", range = [0.1, 10] }\n'
WEIGHTED = ALONE.replace('ph_test = ["km"]', 'weights = "w"')


def weighted(lines=WEIGHTED, declared=WEIGHT):
    return replaced("sex  ", f"{declared}sex  ", replaced("[analyses]\n", TTP + lines))


@pytest.mark.parametrize(
    ("more", "errors"), [("", "patient"), (', robust = "site"', "site"), (', robust = "none"', "none")]
)
def test_errors_with_weights_are_robust_unless_the_entry_says_otherwise(more, errors):
    study = parse_study(weighted(WEIGHTED.replace('"w"', f'"w"{more}')))
    assert study.analyses["checked"].errors_of(study, "all") == errors
    assert "w" in study.covariates_of("ttp")  # rows are complete in it
    assert study_from_json(canonical_json(study)) == study


def test_what_cannot_be_a_weight_or_be_weighted():
    for lines, declared, code in (
        (WEIGHTED.replace('"w"', '"ehs"'), WEIGHT, "study.variable.wrong_type"),
        (WEIGHTED, WEIGHT.replace("0.1", "0"), "study.cox.range_of_weights"),
        (WEIGHTED, WEIGHT.replace("10]", "1e4]"), "study.cox.range_of_weights"),
        (WEIGHTED, WEIGHT.replace(" }", ', transform = "log" }'), "study.cox.transformed_weights"),
        (WEIGHTED, WEIGHT.replace(" }", ', formula = "age / 50" }'), "study.derived.not_here"),
        (WEIGHTED.replace('["mvi"]', '["mvi", "w"]'), WEIGHT, "study.cox.weight_is_covariate"),
        (WEIGHTED.replace('"w"', '"w", concordance = true'), WEIGHT, "study.cox.not_weighted"),
        (WEIGHTED.replace('"w"', '"w", firth = true'), WEIGHT, "study.cox.not_weighted"),
        (WEIGHTED.replace('"w"', '"w", profile_limits = ["mvi"]'), WEIGHT, "study.cox.not_weighted"),
    ):
        assert [problem.message.code for problem in problems_of(weighted(lines, declared))] == [code]


@pytest.mark.parametrize(
    ("gates", "method", "code"),
    [
        ("{ smd_max = 0.1, equipoise_max = 0.2 }", "nearest", "study.key.unknown"),
        ("{ smd_max = 0.1, equipoise_min = 0.2 }", "strata", "study.propensity.no_balance"),
        ("{ equipoise_min = 0 }", "overlap", "study.expected.more_than"),
        ('{ smd_max = 0.1, on_fail = "stop" }', "nearest", "study.expected.choice"),
        ('{ on_fail = "withhold" }', "nearest", "study.propensity.no_demand"),
    ],
)
def test_what_no_gate_can_judge_is_refused_by_name(gates, method, code):
    cuts = ", cuts = [0.5]" if method == "strata" else ""
    one = f'{{ method = "{method}"{cuts} }}'
    score = f'[propensity]\ncovariates = ["mvi"]\nadjustments.one = {one}\ngates = {gates}\n'
    assert [one.message.code for one in problems_of(replaced("[analyses]\n", f"{score}[analyses]\n"))] == [code]


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("overlap", None),
        ("nearest", None),
        ("", "study.balance.nobody_adjusted"),
        (None, "study.propensity.no_table"),
    ],
)
def test_balance_is_of_adjusted_patients(method, code):
    score = "" if method is None else '[propensity]\ncovariates = ["mvi"]\n'
    score += f'adjustments.one = {{ method = "{method}" }}\n' if method else ""
    text = replaced("[analyses]\n", f'{score}[analyses]\nown = {{ kind = "balance" }}\n')
    if code is None:
        assert [name for name, entry in parse_study(text).analyses.items() if entry.kind == "balance"] == ["own"]
    else:
        assert [one.message.code for one in problems_of(text)] == [code]


def test_flags_that_cannot_compete():
    of_days = 'days = "rfs_days"\nevent = "mvi"\ncompeting = ["ehs"]\nentry = "rfs_days"\n'
    text = with_days().replace('days = "rfs_days"\nevent = "mvi"\n', of_days).replace("[analyses]\n", CIF)
    modelled = text.replace('endpoint = "ttp"', 'endpoint = "rfs", fine_gray = ["age"]')
    codes = [problem.message.code for problem in problems_of(modelled)]
    assert "study.cumulative_incidence.entry" in codes
    own = problems_of(text.replace('competing = ["ehs"]', 'competing = ["mvi"]'))
    assert "study.endpoint.competing_is_event" in [problem.message.code for problem in own]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"unit": "month"}, "study.endpoint.not_in_days"),
        ({"range": [-1, 100]}, "study.endpoint.negative_days"),
        ({"step": 0.5}, "study.endpoint.parts_of_days"),
        ({"transform": "log1p"}, "study.endpoint.transformed_days"),
    ],
)
def test_days_are_whole_days(settings, code):
    (problem,) = problems_of(with_days(**settings))
    assert (problem.where, problem.message.code) == ("[endpoints] rfs.days", code)


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ('days = "rfs_days"', 'days = "start"', "rfs.days", "study.variable.wrong_type"),
        ('event = "mvi"', 'event = "age"', "rfs.event", "study.variable.wrong_type"),
        ('event = "mvi"', 'event = "mvi"\nentry = "ehs"', "rfs.entry", "study.variable.wrong_type"),
        ('event = "mvi"', 'event = "mvi"\nentry = "rfs_days"', "rfs.entry", "study.endpoint.entry_is_days"),
        ('event = "mvi"', 'event = "mvi"\norigin = "start"', "rfs.origin", "study.key.unknown"),
    ],
)
def test_an_endpoint_in_days_needs_a_number_and_a_boolean(old, new, where, code):
    (problem,) = problems_of(replaced(old, new, with_days()))
    assert (problem.where, problem.message.code) == (f"[endpoints] {where}", code)


def test_an_outcome_cannot_be_its_own_covariate():
    text = replaced('"pfs", "os"], baseline', '"rfs"], baseline', with_days())
    (problem,) = problems_of(text)
    assert problem.where == "[analyses] cox.multivariable.#4"
    assert str(problem.message) == "'mvi' is part of the endpoint 'rfs' and cannot be its covariate"


def test_all_problems_are_reported_together_in_the_order_of_the_file():
    """A wrong type in one table does not hide a wrong reference in another, as pydantic alone would."""
    text = replaced(
        '"1.0.0"', "1", replaced('origin = "start"', 'origin = "strat"', replaced("age >= 18", "agee > 1", HCC))
    )
    text = replaced("min_cell = 5", 'min_cell = "five"', replaced('"afp"]', '"afb"]', text))
    text = replaced('baseline = "site"', 'baseline = "common"', text)
    assert [problem.where for problem in problems_of(text)] == [
        "[study] version",
        "[[eligibility]] #1.rule",
        "[endpoints] pfs.origin",
        "[analyses] cox.baseline",
        "[analyses] cox.multivariable.#5",
        "[disclosure] min_cell",
    ]


def test_a_wrong_declaration_is_reported_once_and_not_at_every_use():
    (problem,) = problems_of(replaced("range = [18, 100], ", "", HCC))
    assert (problem.where, problem.message.code) == ("[variables] age.range", "study.key.missing")


@pytest.mark.parametrize("section", ["sites", "variables", "endpoints", "analyses"])
def test_an_empty_table_is_a_problem(section):
    document = json.loads(json.dumps(DOCUMENT))
    document[section], document["order"][section] = {}, []
    found = problems_of(as_toml(document, random.Random(1)))
    assert (f"[{section}]", "study.expected.not_empty") in [(one.where, one.message.code) for one in found]


def test_an_empty_file_lacks_everything():
    assert {problem.where for problem in problems_of("")} == {
        "schema",
        "[study]",
        "[sites]",
        "[variables]",
        "[time]",
        "[endpoints]",
        "[analyses]",
    }


@pytest.mark.parametrize("wrong", ["sites = 1", "variables = [1]", "eligibility = 'x'", "analyses.km = 3", "time = []"])
def test_a_table_of_the_wrong_shape_is_a_problem_like_any_other(wrong):
    codes = {problem.message.code for problem in problems_of(f"schema = 1\n{wrong}")}
    assert codes & {"study.expected.table", "study.expected.list"}


def test_a_file_that_cannot_be_read_has_no_list_of_problems(tmp_path):
    latin = tmp_path / "latin.toml"
    latin.write_bytes("title = 'Ätiologie'".encode("latin-1"))
    for path, said in ((tmp_path / "none.toml", "cannot read"), (latin, "not UTF-8"), (tmp_path, "cannot read")):
        with pytest.raises(DataError, match=said) as raised:
            load_study(path)
        assert raised.value.problems == ()


def test_a_byte_order_mark_is_not_part_of_the_study(tmp_path):
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
def test_json_that_is_not_a_study_is_rejected(data):
    with pytest.raises(DataError):
        study_from_json(data)


def test_table_1_of_a_weighted_population_is_of_the_covariates_of_the_score():
    score = '[propensity]\ncovariates = ["mvi"]\nadjustments.w = { method = "overlap" }\n'
    table = 'own = { kind = "table1", variables = ["mvi", "ecog"], populations = ["w"] }\n'
    (problem,) = problems_of(replaced("[analyses]\n", f"{score}[analyses]\n{table}"))
    assert problem.message.code == "study.table1.not_of_score"
    assert "ecog" in str(problem.message)
