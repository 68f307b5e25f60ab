"""Small inputs of large cost: each is refused by a named error before the work is done. Counted are bytes, parts and
numbers, never seconds (`benchmarks/` has those)."""

import asyncio
import tomllib
from fractions import Fraction
from http import HTTPStatus

import pytest

from riskset.analyses.counts_in_time import CountsInTime
from riskset.analyses.plan import MOST_ANALYSES, largest_vector, plan
from riskset.disclosure import policy
from riskset.errors import DataError
from riskset.rehearsal import Rehearsal
from riskset.study import toml_text
from riskset.study.load import load_study, parse_study
from riskset.study.toml_lines import tokens
from riskset.study.toml_text import DEEPEST, LONGEST_WORD, MOST_BYTES, MOST_PARTS, NotToml, read_toml
from riskset_server.engine.doors import FrontDoor, Limits, Rejected, Room, read_body
from riskset_site.data.config import load_site_file
from riskset_site.data.sources.encodings import CANDIDATES, NARROWER, READ, canonical_encoding

DEEP = {
    "a key of 20,000 parts": ".".join(["a"] * 20_000) + " = 1",
    "quoted parts": ".".join(['"a"'] * 20_000) + " = 1",
    "parts with spaces": " . ".join(["a"] * 20_000) + " = 1",
    "a heading of 20,000 parts": "[" + ".".join(["a"] * 20_000) + "]",
    "an array's heading": "[[" + ".".join(["a"] * 20_000) + "]]",
    "parts inside a table": "x = { " + ".".join(["a"] * 20_000) + " = 1 }",
    "arrays": "a = " + "[" * 20_000 + "]" * 20_000,
    "open arrays": "a = " + "[" * 100_000,
    "tables": "a = " + "{ a = " * 10_000 + "1" + " }" * 10_000,
    "an integer of 5,000 digits": "a = " + "9" * 5000,
    "a hexadecimal one": "a = 0x" + "f" * 5000,
    "a number of 5,000 digits": "a = 0." + "9" * 5000,
    "an exponent of 5,000 digits": "a = 1e" + "9" * 5000,
    "a bare key of 5,000 letters": "a" * 5000 + " = 1",
    "a long text": 'a = "' + "x" * MOST_BYTES + '"',
}
WRONG = {
    "an infinite number": "a = 1e999999",
    "a quotation mark that is never closed": 'a = "' + '\\"' * 20_000,
    "a date of no calendar": "a = 2026-02-30",
}
MANY_LEVELS = ", ".join(f'"{i}"' for i in range(100))
HUGE = f"""schema = 1
[study]
id = "t"
version = "1"
title = "t"
[sites]
a = {{ name = "a" }}
b = {{ name = "b" }}
[variables]
d = {{ type = "number", range = [0, 9] }}
e = {{ type = "boolean" }}
g = {{ type = "category", levels = [{MANY_LEVELS}] }}
[comparison]
arm = "g"
reference = "0"
[time]
grid = {{ width_days = 1, max_days = 36525 }}
[endpoints]
o = {{ days = "d", event = "e" }}
[analyses]
k = {{ kind = "km", endpoints = ["o"] }}
"""


@pytest.fixture
def read(monkeypatch):
    """Counts the texts that reach Python's reader."""
    seen = []
    loads = tomllib.loads
    monkeypatch.setattr(toml_text.tomllib, "loads", lambda text: seen.append(text) or loads(text))
    return seen


class TestToml:
    @pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
    def test_a_text_beyond_the_bounds_does_not_reach_the_reader(self, text, read, tmp_path):
        with pytest.raises(NotToml):
            read_toml(text)
        with pytest.raises(DataError, match="not valid TOML"):
            parse_study(text)
        (tmp_path / "site.toml").write_text(text)
        with pytest.raises(DataError):
            load_site_file(tmp_path / "site.toml")
        assert text not in read

    @pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
    def test_what_the_reader_itself_cannot_take(self, text, tmp_path):
        with pytest.raises(DataError):
            parse_study(text)
        (tmp_path / "site.toml").write_text(text)
        with pytest.raises(DataError):
            load_site_file(tmp_path / "site.toml")

    def test_a_text_at_the_bounds_is_read(self):
        assert read_toml(".".join(["a"] * MOST_PARTS) + " = 1")
        assert read_toml("a = " + "[" * DEEPEST + "]" * DEEPEST)
        assert read_toml("a = " + "9" * 18) == {"a": 10**18 - 1}
        assert read_toml("a" * LONGEST_WORD + " = 1.5")
        assert read_toml('a = "' + "x" * (MOST_BYTES - 8) + '"')
        for beyond in (
            ".".join(["a"] * (MOST_PARTS + 1)) + " = 1",
            "a = " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
            "a" * (LONGEST_WORD + 1) + " = 1",
            "# " + "x" * MOST_BYTES,
        ):
            with pytest.raises(NotToml):
                read_toml(beyond)

    def test_a_mark_that_is_never_closed_is_looked_for_once(self):
        """Every further mark would be a search to the end of the text: the square of its length."""
        assert len(list(tokens('a = "' + '\\"' * 20_000))) < 10

    def test_a_file_is_not_read_beyond_the_bound(self, tmp_path):
        for load in (load_study, load_site_file):
            (tmp_path / "file.toml").write_bytes(b"#" * (5 * MOST_BYTES))
            with pytest.raises(DataError) as refused:
                load(tmp_path / "file.toml")
            assert "characters" in f"{refused.value.hint}{refused.value.problems}"


class TestPlans:
    def test_a_study_of_one_kilobyte_that_asks_for_millions_of_numbers(self, monkeypatch):
        assert len(HUGE) < 1200
        study = parse_study(HUGE)
        made = []
        monkeypatch.setattr(CountsInTime, "labels", property(lambda counts: made.append(counts)))
        with pytest.raises(DataError, match=r"up to 7,3[0-9]{2},[0-9]{3} numbers; a run carries 200,000") as refused:
            plan(study)
        assert "grid.width_days" in refused.value.hint
        assert made == []
        assert plan(parse_study(HUGE.replace("width_days = 1,", "width_days = 60,")))

    def test_models_of_every_endpoint(self):
        endpoints = "\n".join(f'o{i} = {{ days = "d", event = "e" }}' for i in range(60))
        variables = "\n".join(f'v{i} = {{ type = "boolean" }}' for i in range(20))
        names = ", ".join(f'"o{i}"' for i in range(60))
        covariates = ", ".join(f'"v{i}"' for i in range(20))
        text = HUGE.replace("[endpoints]", f"[endpoints]\n{endpoints}").replace(
            "[variables]", f"[variables]\n{variables}"
        )
        text += f'm = {{ kind = "cox", endpoints = [{names}], univariable = [{covariates}] }}\n'
        with pytest.raises(DataError, match=f"more than {MOST_ANALYSES:,} models and curves".replace(",", ",?")):
            plan(parse_study(text))

    def test_columns_by_columns(self):
        variables = "\n".join(f'v{i} = {{ type = "category", levels = [{MANY_LEVELS}] }}' for i in range(8))
        text = HUGE.replace("[variables]", f"[variables]\n{variables}").replace("width_days = 1,", "width_days = 60,")
        covariates = ", ".join(f'"v{i}"' for i in range(8))
        text += f'm = {{ kind = "cox", endpoints = ["o"], multivariable = [{covariates}] }}\n'
        with pytest.raises(DataError, match="numbers; a run carries"):
            plan(parse_study(text))

    def test_many_sites_that_one_message_relays(self):
        sites = "\n".join(f's{i} = {{ name = "s{i}" }}' for i in range(90))
        text = HUGE.replace("[sites]", f"[sites]\n{sites}").replace("width_days = 1,", "width_days = 180,")
        with pytest.raises(DataError, match="each of the 92 sites"):
            plan(parse_study(text))
        assert plan(parse_study(HUGE.replace("width_days = 1,", "width_days = 180,")))

    def test_no_message_of_a_run_is_larger_than_was_foreseen(self, patients):
        study = patients.study(("asan", "kurume", "osaka"))
        rows = patients.rows(1, 90)
        sizes = []

        def watch(contributor, history, sent):
            sizes.append(sum(len(labels) for _, labels, _ in sent.numbers))

        Rehearsal(
            study, patients.deal(rows, patients.sites(("asan", "kurume", "osaka"), 90)), is_gated=False, watch=watch
        ).run()
        assert 0 < max(sizes) <= largest_vector(study, plan(study).reported)


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "9" * 5000, f"1/{'9' * 5000}", "１/３", "1_0", "nan"])
def test_a_limit_of_a_billion_digits(text, monkeypatch):
    computed = []
    with monkeypatch.context() as watched:
        watched.setattr(policy, "Fraction", computed.append)
        with pytest.raises(DataError, match=r"R4\.leverage") as refused:
            policy.amount_of("R4.leverage", text)
    assert computed == []
    assert len(str(refused.value)) < 200
    for honest in ("20", "0.2", "1/5", "1e-05", ".5"):
        assert policy.amount_of("R4.leverage", honest) == Fraction(honest)


@pytest.mark.parametrize(
    "name",
    ["utf-16", "utf_16_le", "utf-32", "punycode", "idna", "utf-7", "unicode_escape", "base64", "zlib", "mbcs", "a\0b"],
)
def test_an_encoding_in_which_a_text_is_something_else(name, tmp_path):
    (tmp_path / "export.csv").write_text("a\n1\n", encoding="utf-16")
    shown = name.replace("\0", "\\u0000")
    (tmp_path / "site.toml").write_text(
        f'schema = 1\nstudy = "t"\nsite = "s"\n[source]\ncsv = "export.csv"\nencoding = "{shown}"\n'
    )
    with pytest.raises(DataError) as refused:
        load_site_file(tmp_path / "site.toml")
    assert any(problem.where == "[source] encoding" for problem in refused.value.problems)
    assert {*CANDIDATES, *NARROWER} <= set(READ)


@pytest.mark.parametrize("name", READ)
def test_under_every_encoding_that_is_read_a_comma_is_a_comma(name):
    assert canonical_encoding(name) == name
    assert b'a,"b"\r\n1'.decode(name) == 'a,"b"\r\n1'


def request(*parts, length=None):
    """A request whose body comes in parts; the last one says so."""
    headers = [] if length is None else [(b"content-length", str(length).encode())]
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    if waiting and length is None:
        waiting[-1]["more_body"] = False
    return {"type": "http", "method": "POST", "path": "/v1/fleet/push-object", "headers": headers}, receive


class TestBodies:
    def test_all_addresses_together_hold_a_bounded_number_of_bytes(self):
        """Twenty strangers begin bodies that they never end; each is within the limit of one body."""
        room = Room(10 * 1000)

        async def flood():
            reads = [read_body(*request(bytes(1000), length=2000), 2000, 0.2, room) for _ in range(20)]
            return await asyncio.gather(*reads, return_exceptions=True)

        answers = asyncio.run(flood())
        assert [type(answer) for answer in answers] == [Rejected] * 20
        statuses = [answer.status for answer in answers]
        assert statuses.count(HTTPStatus.SERVICE_UNAVAILABLE) == 10  # the others are in time's hands
        assert statuses.count(HTTPStatus.REQUEST_TIMEOUT) == 10
        assert room.left == 10 * 1000

    @pytest.mark.parametrize("fails", [False, True])
    def test_what_was_answered_is_given_back(self, fails):
        held, room = [], Room(5000)

        async def app(scope, receive, send):
            held.append(room.left)
            if fails:
                raise ValueError

        async def once():
            door = FrontDoor(app, Limits(), room)
            try:
                await door(*request(bytes(3000), bytes(1000)), None)
            except ValueError:
                assert fails

        asyncio.run(once())
        asyncio.run(once())
        assert held == [1000, 1000]
        assert room.left == 5000

    def test_a_body_beyond_the_room_is_refused_and_the_next_one_passes(self):
        room = Room(1500)

        async def one(*parts):
            return await read_body(*request(*parts), 4000, 5.0, room)

        with pytest.raises(Rejected) as refused:
            asyncio.run(one(bytes(1000), bytes(1000)))
        assert refused.value.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert len(asyncio.run(one(bytes(1000)))) == 1000
