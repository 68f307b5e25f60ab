"""What a site tells of its own rows, behind its statement: it is read in one form, and only what was asked."""

from dataclasses import dataclass

import numpy as np
import pytest

from riskset.disclosure.exposure import Column, Exposure, alone, total
from riskset.disclosure.gate import Gate, Summary, SummaryPart
from riskset.errors import ProtocolError, Refused
from riskset.protocol import told
from riskset.protocol.witnessing import cosigned

ARM = Column("arm", "new", "old", 1)


@dataclass
class Head:
    sender: str = "kurume"


@dataclass
class Contribution:
    payload: bytes
    head: Head


def read(statement, sizes):
    return told.read_told(Contribution(cosigned(b"", "", statement), Head()), sizes)


def test_what_is_told_is_read_again():
    of = [(-0.25, 1e-300, 43.0), None, ()]
    statement = told.with_told(b"0110", of)
    assert told.without_told(statement) == b"0110"
    assert read(statement, [3, 4, 2]) == of
    assert told.with_told(b"01", []) == b"01"
    assert read(b"01", []) == []


ONE = told.with_told(b"", [(0.5,)])


@pytest.mark.parametrize(
    ("statement", "sizes"),
    [
        (b"01", [1]),
        (ONE, []),
        (ONE, [2]),
        (ONE + b";-", [1]),
        (ONE + b" ", [1]),
        (ONE.upper(), [1]),
        (b";\xff", [1]),
        (told.with_told(b"", [(float("nan"),)]), [1]),
        (told.with_told(b"", [(float("inf"),)]), [1]),
    ],
)
def test_anything_else_is_refused_with_the_name(statement, sizes):
    with pytest.raises(ProtocolError, match="kurume does not tell"):
        read(statement, sizes)


def exposure(**more):
    return Exposure((ARM,), (), None, weights=False, is_iterative=True, per_site=False, **more)


def released(of, exposes, labels, silent=False):
    part = SummaryPart(exposes, (total("events", ARM),), None, labels)
    return Gate().release([], [], lambda _: Summary(np.ones(1), np.array([silent]), (), of), [part], "arm").told


def test_the_gate_lets_out_what_is_declared():
    labels = (alone("log hazard ratio", ARM), alone("patients"))
    assert released(((0.5, 43.0),), exposure(alone=True), labels) == ((0.5, 43.0),)
    assert released((None,), exposure(alone=True), labels) == (None,)


@pytest.mark.parametrize(
    ("of", "exposes", "labels"),
    [
        (((0.5,),), exposure(), (alone("log hazard ratio", ARM),)),
        (((0.5,),), exposure(alone=True), (total("log hazard ratio", ARM),)),
        (((0.5,),), exposure(alone=True), (alone("mean", Column("age")),)),
        (((0.5, 1.0),), exposure(alone=True), (alone("log hazard ratio", ARM),)),
        (((float("nan"),),), exposure(alone=True), (alone("log hazard ratio", ARM),)),
        (((0.5,) * 5,), exposure(alone=True), (alone("log hazard ratio", ARM),) * 5),
        ((), exposure(alone=True), (alone("log hazard ratio", ARM),)),
        (((0.5,),), exposure(alone=True), ()),
    ],
    ids=[
        "not declared",
        "not its own",
        "another column",
        "too many",
        "not a number",
        "more than an estimate",
        "not answered",
        "not asked",
    ],
)
def test_the_gate_holds_back_the_rest(of, exposes, labels):
    with pytest.raises(Refused):
        released(of, exposes, labels)
