"""Texts that reach a terminal, a spreadsheet or a page: what cannot be seen is refused at the door, and escaped where a
text from outside is shown."""

import csv
import io
import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import rfc8785

import riskset
from riskset.catalogue import say
from riskset.cli import main, print_error
from riskset.errors import DataError, Problem, ProtocolError, VerificationError
from riskset.joining.request import Member
from riskset.ledger.note import parse
from riskset.protocol.opening import read_opened
from riskset.protocol.roster import read_roster, sign_roster
from riskset.secure.envelope import verify
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.study import load
from riskset.study.load import canonical_json, parse_study, study_from_json
from riskset.terminal import tell
from riskset.visible_text import json_text, quoted, unseen, visible
from riskset_report.cells import Cell, Cells, Mark, Place
from riskset_report.numbers import numbers_csv

ROOT = Path(riskset.__file__).parents[2]
STUDY = (ROOT / "tests" / "transcripts" / "hospital" / "study.toml").read_text(encoding="utf-8")
SIGNS = {
    "escape": "\x1b[2J",
    "bell": "\x07",
    "delete": "\x7f",
    "C1": "\x9b2J",
    "line": "\n",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "mark": "\u200f",
    "no width": "\u200b",
    "soft hyphen": "\xad",
    "paragraph": "\u2029",
    "tag": "\U000e0041",
}
SEEN = "男 韓国 é ½ 🙂 =1+1 <b> &amp; \u3000"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
MARKUP = "<script>alert('1')</script> & \"'</text>]]> $\\frac{1}{2}$ {{ 1 }}"


def texts(value, path=()):
    """Yields the path of every text in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from texts(inner, (*path, key))
    if isinstance(value, str):
        yield path


def changed(value, path, change):
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], change)
    return copy


@pytest.mark.parametrize("sign", SIGNS.values(), ids=SIGNS)
class TestSigns:
    def test_a_sign_is_found_and_shown(self, sign):
        assert unseen(f"a{sign}b").startswith("U+")
        assert not RAW.search(visible(f"a{sign}b"))
        assert "\n" not in visible(f"a{sign}b")

    def test_a_study_with_it_in_a_label(self, sign, monkeypatch):
        escaped = "".join(f"\\U{ord(char):08x}" for char in sign)
        text = STUDY.replace("Lenvatinib versus", f"Lenvatinib{escaped} versus", 1)
        with monkeypatch.context() as off:
            off.setattr(load, "unseen_signs", lambda document: ())
            assert sign in parse_study(text).title_in("en")
        with pytest.raises(DataError) as refused:
            parse_study(text)
        [problem] = refused.value.problems
        assert problem.where.startswith("[study] title")
        assert problem.line
        assert unseen(sign) in problem.message
        assert SEEN in parse_study(STUDY.replace("Lenvatinib versus", f"{SEEN} versus", 1)).title_in("en")

    def test_it_is_never_printed(self, sign, capsys):
        tell(f"one{sign}two")
        print_error(
            DataError(say("verbatim", text=f"a{sign}hint: b"), problems=[Problem(f"c{sign}d", say("cli.stopped"))])
        )
        printed = capsys.readouterr()
        assert not RAW.search(printed.out + printed.err)
        assert len(printed.err.splitlines()) == 2  # no line of its own

    def test_json_stays_json(self, sign):
        text = json_text({f"a{sign}": [f"{SEEN}{sign}"]}, indent=1)
        assert not RAW.search(text)
        assert json.loads(text) == {f"a{sign}": [f"{SEEN}{sign}"]}
        assert "韓国" in text


def test_every_text_of_a_study_is_looked_at():
    document = json.loads(canonical_json(parse_study(STUDY)))
    paths = [path for path in texts(document) if path[0] != "order"]
    assert len(paths) > 60
    for path in paths:
        data = rfc8785.dumps(changed(document, path, lambda text: f"{text}\u202e"))
        with pytest.raises(DataError) as refused:
            study_from_json(data)
        assert any("U+202E" in problem.message for problem in refused.value.problems), path


def test_a_key_of_a_study_is_a_text():
    with pytest.raises(DataError) as refused:
        parse_study(STUDY + '\n["x\\u001b[2J"]\n')
    error = str([str(problem) for problem in refused.value.problems])
    assert "U+001B" in error
    assert not RAW.search(error)


SITE_FILE = """\
schema = 1
study = "trial"
site = "asan"
[source]
csv = "export.csv"
key = "no"
missing = ["", "NA"]
[map]
arm = { column = "group", recode = { "a" = "old", "b" = "new" } }
age = { years_between = ["born", "seen"] }
[limits]
min_cell = 10
"""


@pytest.mark.parametrize("path", list(texts(tomllib.loads(SITE_FILE))), ids=str)
def test_every_text_of_a_site_file_is_looked_at(path, tmp_path, capsys):
    found = changed(tomllib.loads(SITE_FILE), path, lambda text: f"{text}\u202e")
    value = changed(found, (), lambda document: document)
    for key in path:
        value = value[key]
    old = value.removesuffix("\u202e")
    name = [key for key in path if isinstance(key, str)][-1]
    lines = [
        line.replace(f'"{old}"', f'"{old}\\u202e"', 1) if name in line else line for line in SITE_FILE.splitlines()
    ]
    (tmp_path / "site.toml").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "export.csv").write_text("no\n1\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    assert main(["site", "check", str(tmp_path / "site.toml"), "--study", str(tmp_path / "study.toml")]) == 1
    said = "".join(capsys.readouterr())
    assert "U+202E" in said
    assert not RAW.search(said)


def test_a_header_over_two_lines_can_be_named(tmp_path, capsys):
    (tmp_path / "site.toml").write_text(
        SITE_FILE.replace('"group"', '"group\\n(a/b)"').replace(
            'csv = "export.csv"', 'csv = "export.csv"\ndelimiter = "\\t"'
        )
    )
    (tmp_path / "export.csv").write_text('no\t"group\n(a/b)"\n1\ta\n')
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    main(["site", "check", str(tmp_path / "site.toml"), "--study", str(tmp_path / "study.toml")])
    assert "U+000A" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("form", [(), ("--json",), ("--html", "page.html")], ids=str)
def test_an_export_holds_anything(desk, patients, capsys, monkeypatch, form):
    """Its columns and cells are shown to the site's own staff, escaped."""
    monkeypatch.chdir(desk.root)
    evil = "".join(SIGNS.values())
    desk.root.joinpath("study.toml").write_text(STUDY, encoding="utf-8")
    rows = [{"id": "1", "arm": f"new{evil}", f"age{evil}": f"=1+1{MARKUP}{evil}", "days": f"{evil}5"}] * 3
    home = desk.adds_site("asan", rows)
    main(["site", "check", str(home / "site.toml"), "--study", "study.toml", *form])
    said = "".join(capsys.readouterr())
    page = desk.root / "page.html"
    if page.exists():
        said += page.read_text(encoding="utf-8")
        assert "<script>alert" not in said
    assert said
    assert not RAW.search(said)


def member():
    return Member(public_hex(new_identity()), public_node_text(new_node_key()))


class TestMessages:
    def test_a_roster_with_a_name_that_is_not_one(self):
        key = new_identity()
        assert read_roster(sign_roster("trial", key, {"asan": member()})).sites
        for name in ("as\u202ean", "a\x1b[2J", "a b", "", "x" * 65):
            with pytest.raises(DataError, match="not a roster"):
                read_roster(sign_roster("trial", key, {name: member()}))

    @pytest.mark.parametrize("field", ["type", "run", "sender", "history"])
    def test_a_head_that_a_log_would_print(self, federation, field):
        party = federation()
        request = party.coordinator.request()
        for text in ("x\x1b[2J", "x\u202e", "x" * 201):
            message = party.forge(request, **{field: text})
            assert party.hears("asan", message) == "message"
            with pytest.raises((ProtocolError, VerificationError)):
                party.coordinator.accept(message)
        assert party.hears("asan", request) is None

    def test_an_answer_whose_version_hides_something(self, federation):
        party = federation()
        honest = verify(party.sites["asan"].answer(party.coordinator.request()), party.roster.sites)
        content = json.loads(honest.payload)
        assert read_opened(honest.payload).version == content["version"]
        for change in ({"version": "1\u202e"}, {"participants": ["a\x07"]}, {"policy": {"R1\u200b": "5"}}):
            with pytest.raises(ProtocolError):
                read_opened(rfc8785.dumps(content | change))

    def test_a_note_with_a_sign(self):
        with pytest.raises(ProtocolError):
            parse("riskset/\u202ecoordinator\n0\n\n— x aaaa\n")


def test_a_text_of_numbers_csv_is_no_formula():
    dangerous = ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(1)", "\tx", "\r=1", "-", "=1"]
    harmless = ["old", "<65", "a=b", "1-2", "-0.5", "+2", "-1e-05", ""]
    place = Place("cox/os/all", "terms.coef", "arm", "", "-7.5")
    cells = [Cell(text, replace(place, level=text), -0.25) for text in dangerous + harmless]
    cells += [Cell("mark", place, Mark("=1", "why")), Cell("none", place, None)]
    found = list(csv.DictReader(io.StringIO(numbers_csv(Cells(cells)).decode("utf-8-sig"), newline="")))
    assert [row["level"] for row in found[: len(dangerous)]] == [f"'{text}" for text in dangerous]
    assert [row["level"] for row in found[len(dangerous) : -2]] == harmless
    assert {row["day"] for row in found} == {"-7.5"}
    assert [float(row["value"]) for row in found[:-2]] == [-0.25] * (len(cells) - 2)
    assert [row["value"] for row in found[-2:]] == ["'=1", ""]


class Page(HTMLParser):
    """Every element is closed in its order; no script; attributes hold no handler."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert tag != "script"
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag not in ("meta", "br", "img", "link", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert not [name for name, _ in attributes if name.startswith("on")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_report_of_markup_is_well_formed(desk, patients):
    """Levels, labels, units and names that are markup, a formula and mathematics."""
    rows = patients.rows(3, 240)
    level = ["=1", json.dumps(MARKUP)[1:-1]]
    text = f"""schema = 1
[study]
id = "trial"
version = "1"
title = {json.dumps(MARKUP)}
notice = {json.dumps(MARKUP)}
[sites]
{"".join(f"{site} = {{ name = {json.dumps(site + MARKUP)} }}" + chr(10) for site in ("asan", "kurume", "osaka"))}
[variables]
days = {{ type = "number", range = [0, 5000], label = {json.dumps(MARKUP)} }}
dead = {{ type = "boolean" }}
age = {{ type = "number", range = [0, 120], unit = {json.dumps(MARKUP)} }}
arm = {{ type = "category", levels = ["{level[0]}", "{level[1]}"], label = {json.dumps(MARKUP)} }}
[comparison]
arm = "arm"
reference = "=1"
[time]
grid = {{ width_days = 30, max_days = 2000 }}
[endpoints]
os = {{ days = "days", event = "dead", label = {json.dumps(MARKUP)} }}
[analyses]
km = {{ kind = "km", endpoints = ["os"] }}
cox = {{ kind = "cox", endpoints = ["os"], multivariable = ["arm", "age"] }}
"""
    desk.writes_study(text)
    names = ["=1", MARKUP]
    for at, site in enumerate(("asan", "kurume", "osaka")):
        table = [
            {
                "patient": i,
                "days": int(rows.days[i]),
                "dead": str(bool(rows.event[i])).lower(),
                "age": rows.variables["age"][i],
                "arm": names[int(rows.variables["arm"][i])],
            }
            for i in range(at, 240, 3)
        ]
        desk.adds_site(site, table)
    desk.tries(is_printed=True)
    out = desk.root / "out"
    Page((out / "index.html").read_text(encoding="utf-8"))
    drawings = list((out / "figures").glob("*.svg"))
    assert drawings
    for drawing in drawings:
        names_of = {element.tag.rpartition("}")[2] for element in ET.parse(drawing).iter()}
        assert "text" in names_of
        assert not names_of & {"script", "foreignObject"}
    with (out / "numbers.csv").open(encoding="utf-8-sig", newline="") as file:
        levels = {row["level"] for row in csv.DictReader(file)}
    assert "'=1" in levels
    assert not [cell for cell in levels if cell.startswith(("=", "+", "-", "@"))]


def test_nothing_else_prints():
    """`tell`, and `rich` in the modules that escape each text or draw only the program's own pages."""
    rich = {"text.py", "progress.py", "run.py", "printed.py"}
    for folder in ("shared/riskset", "site_client/riskset_site", "server/riskset_server"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert (
                not re.search(r"\btyper\.echo\(|\bclick\.echo\(|(?<![\w.])print\(", text) or file.name == "terminal.py"
            ), file
            assert not re.search(r"console\.print\((?!.*lines\()", text) or file.name in rich, file


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("山田\u3000太郎", "'山田\u3000太郎'"),
        ("a\\u3000b", "'a\\\\u3000b'"),
        ("\\\u3000", "'\\\\\u3000'"),
        ("it's\u00a0\x0b\u202e", '"it\'s\\xa0\\x0b\\u202e"'),
    ],
)
def test_in_quotation_marks_the_wide_space_is_shown_as_it_is(text, shown):
    assert quoted(text) == shown
