"""What a hospital reads is in its language: its pages, what its commands print, and their errors. What is signed or
sent is the same in every language."""

import json
import re
from html.parser import HTMLParser

import pytest
from tests.pseudo_language import latin_words

from riskset.language import chosen, language_of_command_line, language_of_environment, spoken
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.opening import Opening, read_object
from riskset.rehearsal import MemoryRecord
from riskset.secure.envelope import unframe
from riskset_site.data.config import load_site_file

BOTH = ("--compared", "asan", "--compared", "osaka")
OF_THE_STUDY = ("A trial", "trial", "Hospital of ", "kurume", "asan", "osaka", "JP", "arm", "age", "mvi", "afp",
                "ng/mL", "start", "death", "last", "sorafenib", "lenvatinib", "true", "false", "yes", "year", "cox",
                "multivariable")  # fmt: skip
OF_THE_SITE = ("M. Uchida", "journal.sqlite", "localhost", "riskset/site/", "export.csv", "site.toml")
OF_PROGRAMS = ("admission/", "cohorts", "counts", "pairs", "products", "in clear", "os", "all", "R2", "R3", "R")
KNOWN = (*OF_THE_STUDY, *OF_THE_SITE, *OF_PROGRAMS)


class Texts(HTMLParser):
    """The texts of a page that a person reads, those of each cell together."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.kind, self.lang = [""], "", ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.lang = dict(attrs)["lang"] if tag == "html" else self.lang
        if tag != "wbr":
            self.kind = tag
            self.texts.append("")

    def handle_endtag(self, tag):
        self.kind = ""

    def handle_data(self, data):
        if self.kind != "style":
            self.texts[-1] += data


@pytest.fixture
def approved(member):
    assert member.approves(*BOTH) == 0
    return member


def facts(member, capsys, command):
    capsys.readouterr()
    assert member.says(command, "--json") == 0
    return json.loads(capsys.readouterr().out)


def names_of(found):
    """What names a number or a limit, is a hash, or words of a key: the same in every language."""
    limits = [one["limit"] for one in found["limits"]]
    labels = [label for round_ in found["preview"]["rounds"] for _, names, _ in round_["numbers"] for label in names]
    words = [party["words"] for party in found["parties"]]
    named = [f"{limit.partition('.')[0]} {limit.partition('.')[2].replace('_', ' ')}" for limit in limits]
    hashes = [found["study_sha256"], found["roster_sha256"], found["coordinator"].partition("key: ")[2]]
    return [*limits, *named, *labels, *words, *hashes]


def test_the_page_of_a_review(approved, pseudo_language, tmp_path, capsys):
    out, names = tmp_path / "page.html", names_of(facts(approved, capsys, "review"))
    assert approved.says("review", "--html", str(out), "--lang", pseudo_language) == 0
    page = Texts(out.read_text(encoding="utf-8"))
    said = [text for text in page.texts if text not in names and not _is_number(text)]
    left = [text for text in said if latin_words(text, [*KNOWN, *names, "IRB"])]
    assert (page.lang, left) == (pseudo_language, [])
    assert len(said) > 100


def test_the_page_of_a_ledger(approved, pseudo_language, tmp_path, capsys):
    assert approved.says("pause", "--by", "M. Uchida", "--reason", "2024") == 0
    found = facts(approved, capsys, "ledger")
    root = found["checkpoint"].splitlines()[2]
    out = tmp_path / "page.html"
    assert approved.says("ledger", "--html", str(out), "--lang", pseudo_language) == 0
    page = Texts(out.read_text(encoding="utf-8"))
    words = found["coordinator"].partition("key: ")[2]
    assert (page.lang, latin_words("\n".join(page.texts), [*KNOWN, root, words])) == (pseudo_language, [])


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


CODE = re.compile(r"\[[a-z_]+(\.[a-z_]+)+\]")
"""Of an error or a problem, the same in every language."""


def printed(capsys):
    out, err = capsys.readouterr()
    return CODE.sub("", out + err)


@pytest.mark.parametrize(
    "command", ["check", "status", "pause", "resume", "withdraw", "approve", "receipt", "veto", "open"]
)
def test_what_commands_print(member, pseudo_language, monkeypatch, capsys, command):
    monkeypatch.setenv("RISKSET_LANG", pseudo_language)
    options = {
        "check": ["--study", str(member.folder / "study.toml")],
        "status": [],
        "pause": ["--by", "M. Uchida", "--reason", "2024"],
        "resume": ["--by", "M. Uchida"],
        "withdraw": ["--by", "M. Uchida", "--reason", "2024"],
        "receipt": ["2024"],
        "veto": ["2024", "--reason", "2024"],
        "open": ["2024", "--to", "M. Uchida", "--reason", "2024"],
        "approve": ["--by", "M. Uchida", "--irb", "2024-117", "--until", "2099-12-31", *BOTH],
    }
    member.says(command, *options[command])
    said = printed(capsys).replace(str(member.folder), "")
    said = said.replace("kurume.approval.json", "").replace("boolean", "").replace("category", "")
    hashes = [word for word in said.split() if len(word.strip(",;")) == 12 and word.strip(",;").isalnum()]
    types = ["number", "date"]  # as a study file names them
    assert latin_words(said, [*KNOWN, *hashes, *types, "'no'"]) == []
    assert len(said) > 40


def test_problems_of_a_site_file_and_of_an_export(hospital, pseudo_language, monkeypatch, capsys):
    monkeypatch.setenv("RISKSET_LANG", pseudo_language)
    hospital.joins()
    study = ["--study", str(hospital.folder / "study.toml")]
    hospital.writes('dates = ["%d"]', "[map]", 'aeg = "age"', "[limits]", "min_cell = 2")
    assert hospital_says(hospital, *study) == 1
    said = printed(capsys).replace(str(hospital.folder), "")
    keys = ["[source] dates", "[map]", "aeg", "[limits]", "min_cell", "%Y%m%d", "%Y-%m-%d", "%d", "wareki"]
    assert latin_words(said, [*KNOWN, *keys]) == []
    hospital.writes()
    hospital.exports("arm,age,mvi,afp,start,death,last\nsorafenib,1061,1,9,2020-01-01,,2019-06-01\n")
    assert hospital_says(hospital, *study) == 3
    said = printed(capsys)
    assert latin_words(said, [*KNOWN, "boolean", "category", "number", "date", "ng/mL"]) == []


def hospital_says(hospital, *options):
    from riskset.cli import main

    return main(["site", "check", str(hospital.site_file), *options])


def language_of(capsys):
    """Whether the last line of a check was said in the pseudo-language."""
    last = printed(capsys).splitlines()[-1]
    return "en" if latin_words(last, KNOWN) else "xx"


def test_which_language_is_spoken(hospital, pseudo_language, monkeypatch, capsys):
    """--lang, else RISKSET_LANG, else the site file's, else the study's, else English."""

    def spoken(*options):
        study = str(hospital.folder / "study.toml")
        assert hospital_says(hospital, "--study", study, *options) == 0
        return language_of(capsys)

    def site_file_with(language):
        head = f'language = "{language}"\n' if language else ""
        hospital.site_file.write_text(
            f'{head}schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\ncsv = "export.csv"\n'
        )

    hospital.joins()
    assert spoken() == "en"
    hospital.joins(header=f'language = "{pseudo_language}"')
    assert spoken() == "xx"
    site_file_with("en")
    assert spoken() == "en"
    assert load_site_file(hospital.site_file).language == "en"
    monkeypatch.setenv("RISKSET_LANG", pseudo_language)
    assert (spoken(), spoken("--lang", "en")) == ("xx", "en")
    monkeypatch.setenv("RISKSET_LANG", "")
    assert (spoken("--lang", pseudo_language), spoken()) == ("xx", "en")
    site_file_with(pseudo_language)
    hospital.joins()
    assert (spoken(), spoken("--lang", "en")) == ("xx", "en")


def test_a_locale_decides_where_nothing_else_does(hospital, pseudo_language, monkeypatch, capsys):
    study = ["--study", str(hospital.folder / "study.toml")]

    def spoken(*options):
        assert hospital_says(hospital, *study, *options) == 0
        return language_of(capsys)

    hospital.joins()
    monkeypatch.setenv("LANG", f"{pseudo_language}_XX.UTF-8")
    assert (spoken(), spoken("--lang", "en")) == ("xx", "en")
    monkeypatch.setenv("LC_ALL", "tlh_TLH.UTF-8")
    assert spoken() == "en"
    monkeypatch.delenv("LC_ALL")
    hospital.joins(header='language = "en"')
    assert spoken() == "en"
    monkeypatch.setenv("RISKSET_LANG", "en")
    hospital.joins()
    assert spoken() == "en"


def test_a_locale_has_no_influence_on_what_is_kept(monkeypatch):
    """A release and a dossier are for others."""
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    language_of_environment()
    assert (spoken(), chosen()) == ("ko", "en")
    language_of_command_line(["release", "run.zip", "--lang", "ja"])
    assert (spoken(), chosen()) == ("ja", "ja")
    monkeypatch.delenv("LANG")
    language_of_environment()
    assert (spoken(), chosen()) == ("en", "en")


def test_a_language_without_a_catalogue_is_refused_by_name(hospital, monkeypatch, capsys):
    hospital.joins()
    study = ["--study", str(hospital.folder / "study.toml")]
    assert hospital_says(hospital, *study, "--lang", "tlh") == 2
    assert "'tlh'" in printed(capsys)
    hospital.site_file.write_text('language = "tlh"\n' + hospital.site_file.read_text())
    assert hospital_says(hospital, *study) == 1
    assert "line 1: language: no catalogue for the language 'tlh'" in printed(capsys)
    monkeypatch.setenv("RISKSET_LANG", "tlh")
    assert hospital_says(hospital, *study) == 1
    said = printed(capsys)
    assert "RISKSET_LANG" in said
    assert "'tlh'" in said


def test_what_is_signed_and_sent_is_the_same_in_every_language(member, pseudo_language, tmp_path, monkeypatch):
    monkeypatch.setattr("riskset_site.commands.consent.utc_now", lambda: "2026-06-30T00:00:00.000+00:00")
    files = member.study_folder
    record = MemoryRecord(member.coordinator)
    asked = Coordinator(
        member.coordinator, files.study, files.roster, "run-1", Opening(tuple(sorted(member.sites))), record
    )
    request, found = asked.request(), {}
    for language in ("en", pseudo_language):
        monkeypatch.setenv("RISKSET_LANG", language)
        there = member.moved_to(tmp_path / language)
        assert there.approves(*BOTH) == 0
        found[language] = ((there.folder / "kurume.approval.json").read_bytes(), answers(there, request))
    assert found["en"] == found[pseudo_language]


def answers(member, request):
    """The signed replies of a hospital: to the opening of a run, and to a request while it is paused."""
    from tests.site_client.records.conftest import Consortium

    consortium = Consortium(member)
    replies = [consortium.sites["kurume"].answer(request)]
    member.says("pause", "--by", "M. Uchida", "--reason", "a new export comes")
    replies.append(consortium.sites["kurume"].answer(request))
    consortium.journal.close()
    opened = read_object(unframe(replies[0])[1])
    assert len(opened.pop("key")) == 64  # new in every run
    opened.pop("log")  # its entries have their times
    return opened, replies[1]
