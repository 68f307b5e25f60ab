"""Replay draws the report again: a file that does not follow from the sums is found, with the place in it."""

import io
import json
import re
import zipfile
from contextlib import contextmanager
from importlib import metadata
from types import SimpleNamespace

import pytest
from benchmarks.audit import bundle_of_run
from tests.server.run.forging import Forger
from tests.server.run.replaying import bundle_of_lung, of_demonstration, told

from riskset.audit import progress, report_checks
from riskset.audit.archive import unpack
from riskset.audit.bundle import RESULTS_JSON
from riskset.audit.checks import Checks
from riskset.audit.replay import compare, derived, replay
from riskset.audit.report_checks import PROVENANCE, check_report, installed_report
from riskset.audit.text_places import texts_of
from riskset.audit.verify import verify
from riskset.cli import main
from riskset.secure.envelope import sha256
from riskset.study.load import parse_study
from riskset_demo.studies.real import ROTTERDAM_GBSG

_DRAWN = {}


def drawn_once(results, **how):
    """Draws as `installed_report` does, each run once: drawing is most of a replay."""
    drawn = _DRAWN.setdefault((results.run, *how.values()), {})
    if not drawn:
        drawn |= installed_report()(results, **how)
    return drawn


def replayed(bundle):
    """The checks of a bundle, which is as its parties signed it, after a replay."""
    found = verify(bundle, None)
    assert told(found.checks) == []
    again = replay(found.checks, found.files, found.run)
    check_report(found.checks, found.files, found.run, again.results, drawn_once)
    return found.checks


@pytest.fixture(scope="module")
def adjusted(tmp_path_factory):
    """The bundle of a study of matched, weighted and stratified patients, whose table names them in no order."""
    text = ROTTERDAM_GBSG.study.decode()
    text = re.sub(r"(?m)^(?:survival|cox|propensity) += \{.*\n", "", text)
    of = re.search(r"(?m)^match +=.*\n", text)[0]
    text = text.replace(of, "").replace("\n[analyses]", f"{of}\n[analyses]")
    assert list(parse_study(text).propensity.adjustments) == ["overlap", "strata", "match"]
    folder = tmp_path_factory.mktemp("adjusted")
    rehearsal = of_demonstration(folder, ROTTERDAM_GBSG, text, exceptions=ROTTERDAM_GBSG.exceptions)
    return bundle_of_run(rehearsal, folder)


def test_populations_that_follow_from_a_score_and_their_report(adjusted):
    """Matched sets, weights and strata of the score are frozen at sites; their sums and the whole report follow."""
    checks = replayed(adjusted)
    assert told(checks) == []
    assert checks.held["report"] > 40
    verdicts = json.loads(unpack(adjusted)["verdicts.json"])
    for population in ("match", "overlap", "strata"):
        assert verdicts[f"cox/rfs/{population}/univariable/hormone"] == {"verdict": "passed"}


@pytest.fixture(scope="module")
def lung(tmp_path_factory):
    return bundle_of_lung(tmp_path_factory.mktemp("lung"))


@pytest.fixture(scope="module")
def bundle(lung):
    return lung[0]


@pytest.fixture(scope="module")
def forger(lung):
    return Forger(*lung)


def test_every_file_of_the_results_follows(bundle):
    checks = replayed(bundle)
    assert told(checks) == []
    assert checks.odd == []
    results = [path for path in unpack(bundle) if path.startswith("results/")]
    assert {path.rpartition(".")[2] for path in results} == {
        *("json", "csv", "html", "docx", "md", "svg", "pdf", "png"),
    }
    assert checks.held["report"] > len(results)


def test_a_report_in_another_language_and_with_texts_as_outlines_is_drawn_as_it_says(forger, bundle):
    found = verify(bundle, None)
    again, run = derived(found.run), found.run
    times = {"began_at": run.began_at, "ended_at": run.last_reply_at}
    how = {"roster": run.roster.sha256, **times, "language": "ja", "text_as_paths": True}
    drawn = installed_report()(again.results, **how)
    assert b"<text" not in drawn["figures/km-os-all.svg"]
    assert drawn["methods.md"] != found.files["results/methods.md"]
    other = forger.with_results(is_listed=False, **drawn)
    assert told(replayed(other)) == []
    said = json.loads(drawn["provenance.json"]) | {"language": "ko"}
    in_korean = forger.with_results(**drawn | {"provenance.json": json.dumps(said).encode()})
    assert any(line.startswith("results/index.html: line ") for line in told(replayed(in_korean)))


def in_document(content, old, new):
    """A Word document in which one text is another one."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            text = before.read(part)
            after.writestr(part, text.replace(old, new, 1) if part.filename == "word/document.xml" else text)
    return changed.getvalue()


def first_number(text):
    """The first number with a decimal point behind the middle of a text."""
    return re.compile(rb"\d+\.\d+").search(text, len(text) // 2)[0]


def changed_number(content):
    number = first_number(content)
    at = content.index(number, len(content) // 2)
    return content[:at] + b"9" + number + content[at + len(number) :]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("numbers.csv", r"row \d+, column 6"),
        ("terms.csv", r"row \d+, column \d+"),
        ("curves.csv", r"row \d+, column \d+"),
        ("tables/km-os-all.csv", r"row \d+, column \d+"),
        ("tables/km-os-all.html", r"line \d+"),
        ("index.html", r"line \d+"),
        ("methods.md", r"line \d+"),
    ],
)
def test_a_number_changed_before_the_run_ended_is_found_with_its_place(forger, path, place):
    content = forger.files[f"results/{path}"]
    changed = changed_number(content)
    if path == "index.html":  # in the cell of a table: a figure has numbers too
        changed = re.sub(rb"<td>(<span>)?(?=\d+\.\d)", rb"\g<0>9", content, count=1)
        assert changed != content
    (failure,) = told(replayed(forger.with_results(**{path: changed})))
    assert re.match(rf'results/{path}: {place} is ".*"; from the sums follows ".*"$', failure)


@pytest.mark.parametrize("path", ["report.docx", "tables/km-os-all.docx"])
def test_a_number_changed_in_a_word_document_is_found_with_its_paragraph(forger, path):
    content = forger.files[f"results/{path}"]
    number = re.search(rb"(?<=>)\d+\.\d+", zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml"))[0]
    changed = in_document(content, b">" + number, b">9" + number)
    (failure,) = told(replayed(forger.with_results(**{path: changed})))
    assert re.match(rf'results/{path}: word/document.xml, paragraph \d+ is ".*9', failure)


def test_a_long_text_is_shown_around_what_differs(forger):
    text = forger.files["results/methods.md"].decode()
    line = next(line for line in text.split("\n") if len(line) > 100)
    changed = text.replace(line, f"{line[:90]}#{line[90:]}").encode()
    (failure,) = told(replayed(forger.with_results(**{"methods.md": changed})))
    assert f'is "…{line[70:90]}#' in failure
    assert f'from the sums follows "…{line[70:110]}' in failure


def archive_of(**parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(f"word/{name}.xml", part)
    return content.getvalue()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("report.docx", archive_of(**{f"part{n}": bytes(2**22) for n in range(20)})),  # 80 MB in 80 kB
        ("report.docx", archive_of(document=b"\xff")),
        ("index.html", b"<svg \xff"),
        ("numbers.csv", b'a,"b'),
    ],
)
def test_files_that_somebody_made_to_deceive_a_reader_are_told_as_such(path, content):
    with pytest.raises(ValueError, match=r".*"):
        texts_of(path, content)


def test_what_is_in_a_drawing_that_never_ends_is_read():
    assert texts_of("index.html", b"<p>1</p><svg>\n<p>2</p>") == [((1,), "<p>1</p><svg>"), ((2,), "<p>2</p>")]
    assert texts_of("index.html", b"<svg>\n<g/>\n</svg>3") == [((1,), "<svg>"), ((3,), "</svg>3")]


def test_files_that_no_report_has_or_that_are_missing_or_of_another_kind_are_found(forger):
    changed = forger.with_results(
        **{
            "tables/new.csv": b"a,b\r\n",
            "terms.csv": None,
            "report.docx": b"PK",
            "tables/km-os-all.csv": b'"' + b"\xff",
            "index.html": b"\xff",
        }
    )
    assert told(replayed(changed)) == [
        "results/index.html: the file cannot be read as what its name says",
        "results/report.docx: the file cannot be read as what its name says",
        "results/tables/km-os-all.csv: the file cannot be read as what its name says",
        "results/tables/new.csv: no report of these results has this file",
        "results/terms.csv: the bundle does not have this file",
    ]


@pytest.mark.parametrize("path", ["figures/km-os-all.svg", "figures/km-os-all.pdf", "figures/km-os-all.png"])
def test_another_figure_is_found_where_the_versions_are_those_of_this_machine(forger, path):
    content = bytearray(forger.files[f"results/{path}"])
    content[len(content) // 2] ^= 1
    (failure,) = told(replayed(forger.with_results(**{path: bytes(content)})))
    assert failure == (
        f"results/{path}: from byte {len(content) // 2} on, the file is not what the named versions and fonts draw of "
        "what follows from the sums"
    )


def with_versions(forger, **versions):
    said = json.loads(forger.files[PROVENANCE])
    return said | {"versions": said["versions"] | versions}


def listed(said, **changes):
    return json.dumps(said | {"files": said["files"] | {path: sha256(new) for path, new in changes.items()}}).encode()


def test_a_figure_of_other_versions_is_odd_and_the_texts_of_a_document_are_compared_all_the_same(forger):
    said, page = with_versions(forger, matplotlib="3.0.0"), forger.files["results/index.html"]
    figure = forger.files["results/figures/km-os-all.svg"].replace(b"</svg>", b"<g/></svg>")
    drawn = page.replace(b"</svg>", b"<g/></svg>")
    changes = {"figures/km-os-all.svg": figure, "index.html": drawn}
    checks = replayed(forger.with_results(**changes, **{"provenance.json": listed(said, **changes)}))
    assert told(checks) == []
    here = metadata.version("matplotlib")
    assert [str(one.told) for one in checks.odd if one.file == PROVENANCE] == [
        "results/provenance.json: 2 files, results/figures/km-os-all.svg first, are drawn otherwise than here, with "
        f"matplotlib 3.0.0 (here {here}); their drawings were not compared"
    ]
    changes["index.html"] = drawn.replace(b"</h1>", b"!</h1>")
    checks = replayed(forger.with_results(**changes, **{"provenance.json": listed(said, **changes)}))
    assert [line.partition(":")[0] for line in told(checks)] == ["results/index.html"]


@pytest.mark.parametrize(
    "change",
    [
        {"language": "xx"},
        {"language": None},
        {"text_as_paths": "no"},
        {"versions": {"numpy": 2}},
        {"fonts": []},
    ],
)
def test_a_report_that_does_not_say_how_it_was_drawn_is_a_failure(forger, change):
    said = json.loads(forger.files[PROVENANCE]) | change
    assert told(replayed(forger.with_results(**{"provenance.json": json.dumps(said).encode()}))) == [
        "results/provenance.json: the file does not say in which language and form, and with which versions, the "
        "report was drawn: it cannot be drawn again"
    ]


def test_what_provenance_says_of_the_run_and_of_its_files_is_compared(forger):
    said = json.loads(forger.files[PROVENANCE])
    said |= {"began_at": "2020-01-01T00:00:00.000+00:00", "sites": said["sites"][1:], "recorded": 1}
    said["files"]["index.html"] = "0" * 64
    found = told(replayed(forger.with_results(**{"provenance.json": json.dumps(said).encode()})))
    assert all(line.startswith("results/provenance.json: ") for line in found)
    places = {line.removeprefix("results/provenance.json: ").split(" ")[0] for line in found}
    assert {"began_at", "recorded", "files.index.html", "sites[0]"} <= places


def test_a_number_in_its_last_bits_is_no_failure(bundle):
    """Those of two machines may differ there."""
    found = verify(bundle, None)
    again = derived(found.run)
    document = json.loads(again.results_json)
    hr = document["results"][-1]["terms"][0]["hr"]
    document["results"][-1]["terms"][0]["hr"] = hr * (1 + 1e-13)
    numbers = unpack(bundle)["results/numbers.csv"].decode("utf-8-sig")
    assert repr(hr) in numbers
    other_bits = numbers.replace(repr(hr), repr(hr * (1 + 1e-13))).encode("utf-8-sig")
    files = found.files | {RESULTS_JSON: json.dumps(document).encode(), "results/numbers.csv": other_bits}
    checks = Checks()
    compare(checks, files, again)
    assert told(checks) == []
    check_report(checks, files, found.run, again.results, drawn_once)
    assert told(checks) == [
        f"{PROVENANCE}: files.{name} does not follow from the sums" for name in ("numbers.csv", "results.json")
    ]


class TestTheCommand:
    @pytest.fixture
    def file(self, bundle, tmp_path):
        file = tmp_path / "run.zip"
        file.write_bytes(bundle)
        return file

    def test_it_draws_the_report_and_writes_nothing(self, file, capsys):
        before = file.read_bytes()
        assert main(["audit", "replay", str(file)]) == 0
        out, err = capsys.readouterr()
        assert re.search(r"^\d+ files and statements of the report that follow from the sums$", out, re.MULTILINE)
        assert "not drawn" not in out
        assert err == ""
        assert [*file.parent.iterdir()] == [file]
        assert file.read_bytes() == before

    def test_without_the_extra_it_says_in_a_line_what_it_did_not_and_how_to_install_it(self, file, capsys, monkeypatch):
        class Missing:
            def load(self):
                raise ModuleNotFoundError("no matplotlib", name="matplotlib")

        monkeypatch.setattr(report_checks, "entry_points", lambda group: [Missing()])
        assert main(["audit", "replay", str(file)]) == 0
        assert (
            "Tables and figures were not drawn again and compared, which needs: python -m pip install 'riskset[report]'"
            in capsys.readouterr().out.splitlines()
        )
        assert main(["audit", "replay", str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["report"] == "not installed"

    def test_a_terminal_is_told_what_it_is_at_and_programs_are_not(self, file, capsys, monkeypatch):
        steps = []

        class Terminal:
            is_terminal = True

            @contextmanager
            def status(self, _):
                yield SimpleNamespace(update=lambda step: steps.append(str(step)))

        monkeypatch.setattr(progress, "Console", lambda stderr: Terminal())
        assert main(["audit", "replay", str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["holds"]
        last = max(int(path[9:11]) for path in unpack(file.read_bytes()) if path.endswith("-coordinator.bin"))
        assert steps == [
            "reading the archive and checking hashes",
            *(f"checking the messages of round {round_} of {last}" for round_ in range(last + 1)),
            *(f"adding up round {round_} of {last}" for round_ in range(last + 1)),
            "drawing tables and figures again",
        ]

    def test_the_report_can_be_left_out(self, file, capsys):
        assert main(["audit", "replay", str(file), "--no-report"]) == 0
        out = capsys.readouterr().out
        assert "Tables and figures were not drawn again and compared." in out.splitlines()
        assert "of the report" not in out

    def test_a_report_that_does_not_follow_ends_with_3(self, forger, file, capsys):
        content = forger.files["results/numbers.csv"]
        file.write_bytes(forger.with_results(**{"numbers.csv": changed_number(content)}))
        assert main(["audit", "verify", str(file)]) == 0
        capsys.readouterr()
        assert main(["audit", "replay", str(file), "--json"]) == 3
        content = json.loads(capsys.readouterr().out)
        assert [(one["file"], one["code"]) for one in content["failures"]] == [
            ("results/numbers.csv", "audit.report.text")
        ]
        assert (content["same_bytes"], content["report"]) == (True, "drawn")
