"""The dossier for a committee: every variable, hospital and analysis of the study is in it; what the study file says
stays a text; each language says all of it."""

import re
from html.parser import HTMLParser

import pytest
from tests.conftest import VARIABLES, make_study
from tests.pseudo_language import latin_words
from tests.test_kinds import EXAMPLES, GRADES

from riskset.analyses.plan import plan
from riskset.catalogue import catalogue, in_language, languages, say
from riskset.disclosure.rules import LIMITS, RULES
from riskset.study.asked import PACKAGES
from riskset.study.load import study_hash
from riskset.study.spec import SiteEntry, Study
from riskset_report.dossier import dossier_of, dossier_page
from riskset_report.dossier.sizes import most_at_once

MARKUP = "</title></style><script>alert('1')</script> & \"'{{ 1 }}<img src=x>"
LOADS = re.compile(r"<(script|link|img|iframe|object|embed|base|form)\b|@import|url\(|https?:|\bon\w+=|src=")


class Read(HTMLParser):
    """The texts of a page, those of its tables row by row, and its tags."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.rows, self.tags, self.style = [], [], set(), ""
        self.hidden, self.in_cell, self.language = False, False, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.hidden = tag == "style"
        self.language = dict(attrs)["lang"] if tag == "html" else self.language
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        self.hidden = self.hidden and tag != "style"
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self.hidden:
            self.style += data
        elif text := " ".join(data.split()):
            self.texts.append(text)
            if self.in_cell:
                self.rows[-1][-1] += text

    @property
    def text(self):
        return "\n".join(self.texts)


def hospitals(**countries):
    """The table of sites: hospitals by name, with their countries."""
    return {name: {"name": f"{name} hospital"} | ({"country": of} if of else {}) for name, of in countries.items()}


THREE = hospitals(asan="KR", kurume="JP", osaka="JP")


def whole_study(of=THREE, **more):
    """A study with every kind of analysis."""
    study = make_study(
        of,
        analyses=EXAMPLES,
        variables=VARIABLES | {"lost": {"type": "boolean"}} | dict.fromkeys(("pain", "skin", "nails"), GRADES),
        endpoints={"os": {"days": "days", "event": "dead", "competing": ["lost"]}},
        eligibility=[{"id": "adults", "rule": "age >= 18", "label": "Adults"}],
        propensity={"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}},
        adverse_events={
            "grading": "CTCAE 5.0",
            "safety_population": "arm",
            "terms": {"pain": {"from": ["pain"]}, "itch": {"from": ["skin", "nails"], "grades": ["any"]}},
        },
        **more,
    )
    sites = {name: SiteEntry.model_validate(table) for name, table in of.items()}
    return study.model_copy(update={"sites": sites})


def page_of(study, language="en"):
    return dossier_page(dossier_of(study, language), language)


def read(study, language="en"):
    return Read(page_of(study, language))


@pytest.mark.parametrize("language", languages())
def test_every_hospital_variable_and_analysis_is_named(language):
    study = whole_study()
    found = read(study, language)
    assert found.language == language
    cells = [cell for row in found.rows for cell in row]
    assert {"asan hospital (asan)", "kurume hospital (kurume)", "KR", "JP", *study.variables} <= {*cells}
    for name, entry in study.analyses.items():
        lines = [in_language(line, language) for line in entry.lines(study)]
        assert any(cell.startswith(name) and all(line in cell for line in lines) for cell in cells), name
    shown = {in_language(analysis.reveals, language) for analysis in plan(study).reported}
    assert shown <= {*cells}


def test_every_rule_has_its_limits_in_force():
    study = whole_study()
    rows = {row[0]: row for row in read(study).rows if row}
    for id_, rule in RULES.items():
        cells = rows[str(say(f"methods.rules.name.{id_}"))]
        in_force = [limit for limit in rule.limits.values() if limit.default("pooled", 5) is not None]
        assert cells[1] == str(say(f"dossier.rule.{id_}"))
        assert cells[2] == "".join(
            f"{one.means}: {one.bound(one.default('pooled', 5), 'pooled')}" for one in in_force
        ) or (id_ == "R10" and cells[2] == str(say("dossier.rules.none")))


def test_a_stricter_cell_makes_stricter_limits():
    study = whole_study(disclosure={"min_cell": 60})
    rows = {row[0]: row for row in read(study).rows if row}
    assert "patients in the population: at least 60" in rows["R1 (number of patients)"][2]


def test_a_lawyer_must_read_it_on_each_page():
    study = whole_study()
    for language in languages():
        found = read(study, language)
        assert catalogue(language)["dossier.notice"] in found.text
        box = re.search(r'@bottom-left \{ content: "(.*?)"', found.style)[1]
        foot = re.sub(r"\\([0-9a-f]+) ", lambda code: chr(int(code[1], 16)), box)
        assert foot == in_language(dossier_of(study, language).foot, language)
        assert study_hash(study)[:12] in foot


def test_it_prints_on_a4_and_loads_nothing():
    page = page_of(whole_study())
    assert "size: A4" in page
    assert not LOADS.search(page)


def test_what_a_study_says_stays_text():
    study = whole_study()
    variables = study.variables | {
        "age": study.variables["age"].model_copy(update={"label": MARKUP, "unit": MARKUP}),
        "arm": study.variables["arm"].model_copy(update={"levels": ("old", MARKUP)}),
    }
    hostile = study.model_copy(
        update={
            "header": study.header.model_copy(update={"title": {"en": MARKUP}, "notice": MARKUP}),
            "sites": study.sites | {"asan": study.sites["asan"].model_copy(update={"name": MARKUP})},
            "variables": variables,
            "eligibility": (study.eligibility[0].model_copy(update={"label": MARKUP}),),
        }
    )
    page, plain = page_of(hostile), Read(page_of(whole_study()))
    assert MARKUP not in page
    assert Read(page).tags == plain.tags
    assert Read(page).text.count(MARKUP) > 10


def test_what_cannot_be_seen_is_shown():
    study = whole_study()
    title = {"en": "A trial\u202eof\u200bnothing\nand a line"}
    page = page_of(study.model_copy(update={"header": study.header.model_copy(update={"title": title})}))
    assert r"A trial\u202eof\u200bnothing\nand a line" in page
    assert not set("\u202e\u200b").intersection(page)


STUDYS_OWN = (
    *("A trial", "trial", "hospital", "asan", "kurume", "osaka", "KR", "JP", "Adults", "age >= 18", "CTCAE 5.0"),
    *("old", "new", "pain", "itch", "skin", "nails", "match", "os", "low", "high", "any"),
    *("ORR", "DCR", "orr", "dcr", "read", "adults"),
)


def test_no_english_is_left(pseudo_language):
    study = whole_study()
    ids = [part for analysis in plan(study).reported for part in analysis.id.split("/")]
    known = [*STUDYS_OWN, *study.variables, *study.analyses, *EXAMPLES, *ids, *LIMITS, *RULES, study_hash(study)]
    found = read(study, pseudo_language)
    assert found.language == pseudo_language
    assert {text for text in found.texts if latin_words(text, known)} == set()
    assert len(found.texts) > 300


def test_two_hospitals_read_each_others_numbers():
    said = read(whole_study(hospitals(asan="KR", kurume="JP"))).text
    for code in ("dossier.sum.two", "dossier.numbers.read.two", "dossier.transfer.numbers_two", "dossier.rules.two"):
        assert str(say(code)) in said
    assert str(say("dossier.publication.two")) in said
    assert str(say("dossier.rules.pooled")) not in said
    assert "at least 30 patients at each hospital (R14)" in said


def test_without_the_secure_sum_numbers_are_in_clear():
    said = read(whole_study(disclosure={"secure_sum": "off"})).text
    for code in (
        "dossier.sum.clear",
        "dossier.numbers.read.clear",
        "dossier.rules.off",
        "dossier.retention.others_clear",
    ):
        assert str(say(code)) in said
    assert str(say("dossier.transfer.numbers_masked")) not in read(whole_study(disclosure={"secure_sum": "off"})).texts


@pytest.mark.parametrize(
    ("countries", "laws"),
    [
        (("KR", "KR", "KR"), ["kr", "other_unknown"]),
        (("JP", "KR", "JP"), ["kr", "jp", "other_unknown"]),
        ((None, "JP", "DE"), ["jp", "other"]),
    ],
)
def test_laws_are_named_for_the_countries_of_the_hospitals(countries, laws):
    said = read(whole_study(hospitals(**dict(zip(THREE, countries, strict=True))))).text
    values = {"countries": (say("dossier.parties.country_not_given"), "DE")} if "other" in laws else {}
    for law in ("kr", "jp", "other_unknown"):
        assert (str(say(f"dossier.law.{law}")) in said) == (law in laws)
    if "other" in laws:
        assert str(say("dossier.law.other", **values)) in said


def test_only_a_study_that_asks_for_it_says_that_hospitals_tell_their_own():
    alone = str(say("dossier.transfer.alone"))
    asks, asks_not = whole_study(), make_study(("asan", "kurume", "osaka"))
    assert alone in read(asks).text
    assert alone not in read(asks_not).text
    assert str(say("dossier.publication.own_none")) in read(asks_not).text


def test_who_decides_what_is_published_is_said_where_the_study_says_it():
    by_hand, of_study = (str(say(f"dossier.publication.{code}")) for code in ("decides", "study_says"))
    says_not, says = read(whole_study()).text, read(whole_study(release={"accepts": 3, "requesters": ["park"]})).text
    assert by_hand in says_not
    assert by_hand not in says
    assert of_study in says
    assert str(say("study.release.accepts", n=3)) in says
    assert str(say("study.release.requesters", names=("park",))) in says


def test_a_method_that_does_not_say_how_many_numbers_it_sends_is_named_so(monkeypatch):
    study = make_study(("asan", "kurume", "osaka"))
    model, *_ = (analysis for analysis in plan(study).reported if analysis.kind == "cox")
    assert str(most_at_once([model], 3)) == "15"
    monkeypatch.setattr(type(model), "most_numbers", lambda self, sites: None)
    assert str(most_at_once([model], 3)) == str(say("dossier.numbers.unknown"))
    assert str(say("dossier.numbers.unknown")) in read(study).text


def test_a_method_of_another_package_is_named_with_it(monkeypatch):
    study = make_study(("asan", "kurume", "osaka"))
    monkeypatch.setattr(type(PACKAGES), "versions", {"km": "other-package 1.0"})
    assert "method of other-package 1.0" in read(study).text


def test_the_same_study_gives_the_same_bytes():
    study = whole_study()
    again = Study.model_validate_json(study.model_dump_json(by_alias=True))
    assert page_of(study) == page_of(again)
