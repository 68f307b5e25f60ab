"""Unique values, planted in every field of one hospital's export, and searched for in every byte that leaves it: in
messages, refusals, errors and logs, in each form in which a program could write them."""

import json
import re
import struct
from threading import Event

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.disclosure.exposure import of_admission, total
from riskset.disclosure.gate import Gate, Summary, SummaryPart
from riskset.errors import DataError, Refused, fault_of
from riskset.secure import fixed_point
from riskset_site.data.holding import load_holding
from riskset_site.network.daemon import serve

FEW = ("busan", "daegu", "tokyo", "osaka")
VICTIM = "osaka"
MODEL = "cox/os/all/multivariable"
AGE, DAYS = 71.0625, 3571
"""One patient's, and nobody else's."""
SHORTEST = 6
"""Bytes; four digits stand in any hash by chance."""
NAMES = {"utf-8": "카나리아 김철수", "cp949": "카나리아 김철수", "cp932": "金糸雀 太郎", "ascii": "canary-8731-JD"}


def counted(n):
    """Returns the part of a round that asks for n counts of patients."""
    return [SummaryPart(of_admission([]), tuple(total(f"count {i}") for i in range(n)))]


def forms(value):
    """Returns the bytes by which a number could be written."""
    x = float(value)
    texts = {str(value), repr(x), f"{x:g}", f"{x:.4f}", f"{x:e}", json.dumps(x)}
    if x == int(x):
        texts.add(str(int(x)))
    binary = {struct.pack("<d", x), struct.pack(">d", x), int(x * 2**64).to_bytes(16, "little")}
    limbs = fixed_point.encode([x], 4)
    return {text.encode() for text in texts} | binary | {limbs.tobytes(), limbs[1].tobytes()}


def hidden(found, *canaries):
    """The forms of the canaries found in the bytes; none where nothing leaks."""
    everything = b"\n".join(found)
    wanted = {form for canary in canaries for form in forms(canary)}
    wanted |= {text.encode(code) for code, text in NAMES.items()} | {text.encode() for text in NAMES.values()}
    wanted |= {json.dumps(text)[1:-1].encode() for text in NAMES.values()}
    return {form for form in wanted if len(form) >= SHORTEST and form in everything and form.strip(b"\0")}


def planted(network, patients, **more):
    """Returns the network in which one patient of the victim has the canaries, with enough events for all analyses."""
    table = patients(*FEW)
    one = int(np.flatnonzero(table["site"] == VICTIM)[9])
    table["age"][one], table["days"][one], table["dead"][one] = AGE, DAYS, 1.0
    curves = {"kind": "km", "endpoints": ["os"]}
    model = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "ecog"]}
    return network(table, {"km": curves, "cox": model}, **more)


class TestEveryMessage:
    def test_a_value_that_is_sent_is_found(self, network, patients):
        """The search works: without a mask a hospital of one row sends its values, and they are seen."""
        vector = fixed_point.to_bytes(fixed_point.encode([AGE, DAYS], 4))
        assert hidden([vector], DAYS)
        assert hidden([struct.pack("<d", AGE)], AGE)
        assert hidden([b'{"age": 71.0625}'], AGE)
        assert hidden([NAMES["cp949"].encode("cp949")])

    def test_canaries_in_every_field_and_every_outgoing_byte(self, network, patients, caplog):
        party = planted(network, patients)
        assert isinstance(party.run().results[MODEL], CoxFit)
        sent = [one.reply for one in party.journals[VICTIM].exchanges("run")]
        assert len(sent) > 8  # opening, admission, rounds, close
        assert not hidden([*sent, caplog.text.encode()], AGE, DAYS)
        asked = [one.request for journal in party.journals.values() for one in journal.exchanges("run")]
        assert not hidden(asked, AGE, DAYS)

    def test_canaries_in_refusals_of_every_kind(self, network, patients):
        """A hospital with the canary patient refuses in each phase; what it says is one word."""
        party = planted(network, patients).until("first")
        changes = ({"study": "x"}, {"roster": "x"}, {"round": 9}, {"type": "query"}, {"history": "0" * 64})
        honest = party.coordinator.request()
        replies = [party.sites[VICTIM].answer(party.forge(honest, **change)) for change in changes]
        replies.append(party.sites[VICTIM].answer(b"garbage"))
        old = party.cohorts[VICTIM], party.rows[VICTIM]
        party.updates(VICTIM, 9, event=0)
        replies.append(party.sites[VICTIM].answer(party.coordinator.request()))
        codes = [party.code(reply) for reply in replies]
        assert codes == ["study", "roster", "order", "order", "history", "message", "data"]
        assert not hidden(replies, AGE, DAYS)
        party.cohorts[VICTIM], party.rows[VICTIM] = old
        party.start_site(VICTIM)
        assert isinstance(party.run().results[MODEL], CoxFit)

    def test_canaries_in_a_refusal_by_a_rule(self, network, patients):
        """What a rule says about a site's own row is sent as noise in a flag; the result has no figure of the site."""
        table = patients(*FEW)
        one = int(np.flatnonzero(table["site"] == VICTIM)[9])
        table["age"][one] = AGE
        table["z1"] = (np.random.default_rng(2).random(len(table["site"])) < 0.4).astype(float)
        table["z1"][one] = 0.0
        table["z2"] = table["z1"] + (np.arange(len(table["site"])) == one)
        model = {"kind": "cox", "endpoints": ["os"], "multivariable": ["age", "z1", "z2"]}
        party = network(table, {"cox": model})
        result = party.run().results[MODEL]
        told = " ".join([result.rule, str(result.message), str(result.remedy), result.by])
        assert result.rule == "R2"
        assert VICTIM not in told
        assert not any(character.isdigit() for character in told.replace("R2", "").replace("5 patients or none", ""))
        assert not hidden([told.encode(), *(one.reply for one in party.journals[VICTIM].exchanges("run"))], AGE)


class Line:
    """The network of one site in memory."""

    def __init__(self, stop, *requests):
        self.stop, self.requests, self.left = stop, list(requests), []

    def receive(self):
        if not self.requests:
            self.stop.set()
            return None
        return type("Paper", (), {"payload": self.requests.pop(0)})()

    def reply(self, delivery, payload):
        self.left.append(payload)
        return True


class Poisoned(dict):
    """A hospital's rows that cannot be read; the error holds what was there."""

    def __init__(self, error):
        self.error = error

    def __getitem__(self, name):
        raise self.error


ERRORS = [
    ValueError(f"could not convert string to float: '{AGE} {NAMES['utf-8']}'"),
    KeyError(NAMES["cp932"]),
    OSError(5, f"cannot read row {DAYS}", f"/export/{NAMES['ascii']}.csv"),
    UnicodeDecodeError("cp949", NAMES["cp949"].encode("cp949"), 0, 2, NAMES["utf-8"]),
    ZeroDivisionError(f"{DAYS} days of {AGE}"),
]


class TestErrors:
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_an_exception_text_carrying_a_canary(self, network, patients, caplog, capfd, error):
        party = planted(network, patients).goes(1)
        honest = party.sites[VICTIM]._runs["run"].contributor.own
        party.sites[VICTIM]._runs["run"].contributor.own = type(honest)(Cohort(VICTIM, Poisoned(error)), {})
        stop, said = Event(), []
        line = Line(stop, party.coordinator.request())
        serve(party.sites[VICTIM], line, stop, said.append)
        (left,) = line.left
        assert party.code(left) == "site"
        assert hidden([str(error).encode()], AGE, DAYS) or isinstance(error, KeyError | UnicodeDecodeError)
        printed = "".join(capfd.readouterr())
        written = [left, caplog.text.encode(), "\n".join(said).encode(), printed.encode()]
        assert not hidden(written, AGE, DAYS)
        party.sites[VICTIM]._runs["run"].contributor.own = honest
        assert isinstance(party.run().results[MODEL], CoxFit)

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_what_a_log_says_of_it_is_the_kind_and_the_place(self, error):
        with pytest.raises(type(error)) as raised:
            Poisoned(error)["os"]
        text = fault_of(raised.value)
        assert text.startswith(f"{type(error).__name__} in test_attack_canaries.py")
        assert not hidden([text.encode()], AGE, DAYS)

    def test_what_the_gate_says_of_a_number_it_keeps(self):
        with pytest.raises(Refused) as no:
            Gate().release(
                ["a"], [], lambda told: Summary(np.array([AGE, 2.0**60]), np.zeros(2, bool)), counted(2), None
            )
        assert not hidden([str(no.value).encode(), no.value.hint.encode()], AGE, 2.0**60)


class TestExport:
    """From the hospital's own file on: names in the letters of its country, as patients' numbers, in a column that the
    study does not name, and in place of a value."""

    def write(self, home, site, code, study, spoilt=""):
        """Writes a hospital's folder: 60 patients, one of whom has the canaries."""
        random = np.random.default_rng(len(site))
        lines = ["id,name,arm,age,ecog,mvi,days,dead"]
        for i in range(60):
            flags = ",".join(str(x) for x in random.integers(0, 2, 3))
            age, days = (AGE, DAYS) if i == 7 else (40 + i % 35, 30 + 7 * i)
            age = spoilt or age if i == 7 else age
            name = NAMES[code]
            lines.append(f"{name}{i},{name},{flags[0]},{age},{flags[2]},{flags[4]},{days},{int(i % 4 > 0)}")
        folder = home / site
        folder.mkdir()
        (folder / "export.csv").write_bytes("\n".join(lines).encode(code))
        source = f'[source]\ncsv = "export.csv"\nencoding = "{code}"\nkey = "id"\n'
        (folder / "site.toml").write_text(f'schema = 1\nstudy = "trial"\nsite = "{site}"\n{source}', "utf-8")
        return folder / "site.toml"

    def study(self, network, patients):
        table = {name: x for name, x in patients("busan", "tokyo", "osaka").items() if name not in ("male", "viral")}
        model = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "ecog", "mvi"]}
        flags = {name: {"type": "boolean"} for name in ("arm", "ecog", "mvi", "dead")}
        numbers = {"age": {"type": "number", "range": [18, 100]}, "days": {"type": "number", "range": [0, 5000]}}
        return network(table, {"km": {"kind": "km", "endpoints": ["os"]}, "cox": model}, variables=flags | numbers)

    @pytest.mark.parametrize("code", ["utf-8", "cp949", "cp932"])
    def test_names_and_values_of_an_export(self, network, patients, tmp_path, caplog, code):
        party = self.study(network, patients)
        for site in party.cohorts:
            path = self.write(tmp_path, site, code, party.study)
            holding = load_holding(path, party.study, party.keys[site])
            party.cohorts[site], party.rows[site] = holding.cohort, holding.rows
            party.start_site(site)
        assert isinstance(party.run().results[MODEL], CoxFit)
        sent = [one.reply for journal in party.journals.values() for one in journal.exchanges("run")]
        marks = [mark.encode() for rows in party.rows.values() for pair in rows.marks.items() for mark in pair]
        assert not hidden([*sent, *marks, caplog.text.encode()], AGE, DAYS)
        secrets = {digits for mark in marks for digits in re.findall(rb"[0-9a-f]{16,}", mark)}
        everything = b"".join(sent)
        assert not any(one in everything or bytes.fromhex(one.decode()) in everything for one in secrets)

    @pytest.mark.parametrize("code", ["utf-8", "cp949", "cp932"])
    def test_an_error_about_an_export_names_no_value(self, network, patients, tmp_path, code):
        """The sentence names the column; rows and values appear only on the site's own terminal."""
        party = self.study(network, patients)
        path = self.write(tmp_path, "osaka", code, party.study, spoilt=NAMES[code])
        with pytest.raises(DataError) as wrong:
            load_holding(path, party.study, party.keys["osaka"])
        told = [str(wrong.value), wrong.value.hint, *(f"{p}" for p in wrong.value.problems)]
        assert "age" in " ".join(told)
        assert not hidden([text.encode() for text in told], AGE, DAYS)
