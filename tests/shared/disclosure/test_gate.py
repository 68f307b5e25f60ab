"""The one door out: what the rules refuse becomes a raised flag, what is not as many finite numbers as the question
names stays in, and nothing but the gate makes what can be sent."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from riskset.catalogue import NOTHING
from riskset.disclosure.exposure import of_admission, total
from riskset.disclosure.finding import Finding
from riskset.disclosure.gate import LARGEST, Gate, Summary, SummaryPart
from riskset.errors import Refused
from riskset.protocol.contributing import contribution
from riskset.secure import fixed_point
from riskset.secure.masks import NoMasks

ASKED = ("km/os/all", "cox/os/all/multivariable")


def counted(n):
    """Returns the part of a round that asks for n counts of patients."""
    return [SummaryPart(of_admission([]), tuple(total(f"count {i}") for i in range(n)))]


def finding(verdict):
    return Finding("R4", "R4.leverage", "a model", verdict, 0.5, 0.2, -0.3, lambda: NOTHING, NOTHING)


def released(values, *findings, silent=()):
    """Returns what the gate lets out of a summary, and what it told whoever made the summary to leave out."""
    values, told = np.asarray(values, float), []

    def summary(refused):
        told.append(refused)
        return Summary(values, np.isin(np.arange(values.size).reshape(values.shape), silent))

    return Gate().release(ASKED, findings, summary, counted(3), None), told


class TestNumbers:
    def test_as_named_pass_unchanged(self):
        values = np.array([1.0, -LARGEST, 0.5])
        out, told = released(values)
        np.testing.assert_array_equal(out.values, values)
        assert out.flags == (None, None)
        assert not out.silent.any()
        assert told == [frozenset()]

    @pytest.mark.parametrize("values", [np.zeros(2), np.zeros(4), np.zeros((3, 1)), np.array(1.0)], ids=np.shape)
    def test_more_or_fewer_than_named_stay_in(self, values):
        with pytest.raises(Refused, match=f"expected 3 numbers, .*has {values.size}$") as no:
            released(values)
        assert no.value.code == "gate"

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2 * LARGEST, -2 * LARGEST])
    def test_one_that_cannot_be_added_exactly_stays_in(self, value):
        with pytest.raises(Refused, match="not finite, or too large") as no:
            released([0.0, value, 0.0])
        assert no.value.code == "gate"
        assert str(value) not in str(no.value)

    def test_one_that_is_not_spoken_may_be_anything_and_is_none(self):
        out, _ = released([7.0, np.nan, 8.0], silent=[1])
        np.testing.assert_array_equal(out.values, [7.0, 0.0, 8.0])
        np.testing.assert_array_equal(out.silent, [False, True, False])


class TestRules:
    def test_a_finding_that_does_not_pass_raises_its_analysis_flag_and_its_numbers_are_silent(self):
        out, told = released([1, 2, 3], (ASKED[1], finding("fail")))
        assert out.flags == (None, 0)
        assert told == [frozenset({ASKED[1]})]

    def test_a_review_does_not_pass_by_itself(self):
        out, _ = released([1, 2, 3], (ASKED[0], finding("review")))
        assert out.flags == (0, None)

    def test_many_that_pass_do_not_outweigh_one_that_does_not(self):
        findings = [(ASKED[0], finding("pass"))] * 5 + [(ASKED[0], finding("fail"))] + [(ASKED[0], finding("pass"))] * 5
        out, _ = released([1, 2, 3], *findings)
        assert out.flags == (0, None)

    def test_what_is_sent_of_a_refused_analysis_is_noise_and_the_rest_is_exact(self):
        """Two contributions of the same numbers: the same where they speak, unlike in every flag and number that is
        held back."""
        sent = [self.vector(released([7, 8, 9], (ASKED[1], finding("fail")), silent=[1, 2])[0]) for _ in range(2)]
        told = [fixed_point.decode(vector) for vector in sent]
        assert [numbers[0] for numbers in told] == [0.0, 0.0]
        assert [numbers[2] for numbers in told] == [7.0, 7.0]
        for held_back in (1, 3, 4):
            assert len({0.0, *(numbers[held_back] for numbers in told)}) == 3

    def vector(self, out):
        return fixed_point.from_bytes(contribution(out, 3, NoMasks(), 1, ""), 5)


HONEST = """
import numpy as np
from riskset.disclosure.gate import Gate, SummaryPart, Released, Summary
from riskset.protocol.contributing import contribution
from riskset.rehearsal import Ungated
from riskset.secure.masks import Masks

def send(gate: Gate, summary: Summary, parts: list[SummaryPart], masks: Masks) -> bytes:
    released = gate.release(("km",), (), lambda refused: summary, parts, None)
    return {sent}
"""
BYPASSES = {
    "numbers that no gate has seen": ("contribution(np.zeros(3), 3, masks, 1, '')", "arg-type"),
    "a summary": ("contribution(summary, 3, masks, 1, '')", "arg-type"),
    "a rehearsal's own numbers": ("contribution(Ungated(np.zeros(3)), 3, masks, 1, '')", "arg-type"),
    "one made without the gate": ("contribution(Released((None,), summary), 3, masks, 1, '')", "call-arg"),
    "a door that is none": ("contribution(Released((None,), summary, gate), 3, masks, 1, '')", "arg-type"),
}
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Returns what mypy --strict says of each snippet, by name; all in one go, since it takes seconds to begin."""
    folder = tmp_path_factory.mktemp("snippets")
    snippets = {"honest": "contribution(released, 3, masks, 1, '')"} | {name: of for name, (of, _) in BYPASSES.items()}
    files = {name: folder / f"snippet_{i}.py" for i, name in enumerate(snippets)}
    for name, sent in snippets.items():
        files[name].write_text(HONEST.format(sent=sent), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *map(str, files.values())]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode in (0, 1), run.stderr
    return {name: [line for line in run.stdout.splitlines() if file.name in line] for name, file in files.items()}


def test_what_the_gate_let_out_can_be_sent(checked):
    assert checked["honest"] == []


@pytest.mark.parametrize("bypass", BYPASSES)
def test_a_way_around_the_gate_does_not_type_check(checked, bypass):
    (said,) = checked[bypass]
    assert said.endswith(f"[{BYPASSES[bypass][1]}]")


@pytest.fixture(scope="module")
def modules():
    """Returns, for names such as `Released` or `fixed_point.encode`, which files of the product use one of them."""
    folders = [ROOT / name for name in ("shared", "report", "site_client", "server", "notebook", "demonstrations")]
    used = {path: set(names_in(path)) for folder in folders for path in folder.rglob("*.py")}
    return lambda *names: {path.name for path, found in used.items() if found & set(names)}


def names_in(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.alias | ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield from (node.attr, f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else node.attr)


def test_nobody_else_holds_the_door(modules):
    """A type checker lets a private name be imported; so this reads the programs."""
    assert modules("_Door", "__door", "_Gate__door") == {"gate.py"}
    assert modules("Released") == {"gate.py", "contributing.py"}


def test_numbers_become_bytes_in_one_place(modules):
    """And in the rehearsal, whose own numbers no gate has seen; a preview looks at them and sends none."""
    assert modules("fixed_point.encode") == {"contributing.py", "rehearsal.py", "clear_numbers.py"}
    assert modules("fixed_point.to_bytes") == {"contributing.py", "rehearsal.py"}  # the third compares what was sent
    assert modules("Ungated", "UngatedConditions", "UngatedContributor") == {"rehearsal.py"}
    sealing = modules("seal") - {"journal.py", "log_file.py", "seals.py"}
    assert sealing == {"site.py", "coordinator.py", "after_end.py", "envelope.py"}
