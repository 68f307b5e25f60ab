"""The items of the STROBE checklist for cohort studies, with those of RECORD that fit, and where each is looked for in
the folder of a run. Their wording is in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Where = Literal["study", "provenance", "results"]
"""A file: the study file, provenance.json, results.json."""


@dataclass(frozen=True)
class Item:
    """One recommendation."""

    code: str
    """Its number: `12a`; of RECORD `record_12_1`."""
    parts: tuple[str, ...] = ()
    """Parts of the methods text, by code."""
    kinds: tuple[str, ...] = ()
    """Kinds of analysis whose tables and figures are meant."""
    only: Literal["tables and figures", "figures"] = "tables and figures"
    files: tuple[Where, ...] = ()
    is_whole: bool = False
    """Whether what is found answers the item; else the authors complete it."""
    applies: Literal["always", "matched", "cut"] = "always"
    """`matched`: where patients are matched; `cut`: where a number is cut into categories."""

    @property
    def number(self) -> str:
        """As printed: `12 (a)`, `RECORD 12.1`."""
        if self.code.startswith("record_"):
            return f"RECORD {self.code.removeprefix('record_').replace('_', '.')}"
        return f"{self.code[:-1]} ({self.code[-1]})" if self.code[-1].isalpha() else self.code


@dataclass(frozen=True)
class Topic:
    """Items under one heading, such as `Participants`."""

    code: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Section:
    """Topics of one section of a paper."""

    code: str
    topics: tuple[Topic, ...]


_METHODS = ("survival", "models", "adjustment", "competing", "heterogeneity", "rates", "inference")
_OUTCOMES = ("km", "cumulative-incidence", "cox", "response", "adverse-events")

SECTIONS: Final[tuple[Section, ...]] = (
    Section(
        "title",
        (
            Topic(
                "title",
                (
                    Item("1a"),
                    Item("1b"),
                    Item("record_1_1", parts=("design",)),
                    Item("record_1_2", parts=("design", "patients")),
                ),
            ),
        ),
    ),
    Section("introduction", (Topic("background", (Item("2"),)), Topic("objectives", (Item("3"),)))),
    Section(
        "methods",
        (
            Topic("design", (Item("4", parts=("design",)),)),
            Topic("setting", (Item("5", parts=("design", "patients")),)),
            Topic(
                "participants",
                (
                    Item("6a", parts=("patients",), files=("study",)),
                    Item("6b", parts=("adjustment",), kinds=("balance",), is_whole=True, applies="matched"),
                    Item("record_6_1", parts=("patients",), files=("study",)),
                ),
            ),
            Topic(
                "variables",
                (Item("7", parts=("patients", "models"), files=("study",)), Item("record_7_1", files=("study",))),
            ),
            Topic("sources", (Item("8"),)),
            Topic("bias", (Item("9", parts=("adjustment", "models"), kinds=("balance",)),)),
            Topic("size", (Item("10"),)),
            Topic("quantitative", (Item("11", parts=("models", "baseline"), files=("study",)),)),
            Topic(
                "statistics",
                (
                    Item("12a", parts=_METHODS, is_whole=True),
                    Item("12b", parts=("heterogeneity",), is_whole=True),
                    Item("12c", parts=("missing",), is_whole=True),
                    Item("12d", parts=("patients", "survival"), is_whole=True),
                    Item("12e", parts=("models", "survival")),
                    Item("record_12_1", parts=("design",)),
                    Item("record_12_2"),
                ),
            ),
        ),
    ),
    Section(
        "results",
        (
            Topic(
                "participants",
                (
                    Item("13a", parts=("missing",), kinds=("flow",), is_whole=True),
                    Item("13b", parts=("missing",), kinds=("flow",)),
                    Item("13c", kinds=("flow",), only="figures", is_whole=True),
                    Item("record_13_1", parts=("patients", "missing"), kinds=("flow",)),
                ),
            ),
            Topic(
                "descriptive",
                (
                    Item("14a", kinds=("table1",), is_whole=True),
                    Item("14b", parts=("missing",), kinds=("table1", "flow"), is_whole=True),
                    Item("14c", kinds=("follow-up",), is_whole=True),
                ),
            ),
            Topic("outcomes", (Item("15", kinds=_OUTCOMES, is_whole=True),)),
            Topic(
                "main",
                (
                    Item("16a", parts=("models", "adjustment"), kinds=("cox", "cumulative-incidence")),
                    Item("16b", kinds=("table1", "subgroup"), files=("study",), is_whole=True, applies="cut"),
                    Item("16c", kinds=("km", "rmst", "cumulative-incidence")),
                ),
            ),
            Topic("other", (Item("17", parts=("heterogeneity",), kinds=("subgroup", "site-heterogeneity", "rmst")),)),
        ),
    ),
    Section(
        "discussion",
        (
            Topic("key", (Item("18"),)),
            Topic("limitations", (Item("19", parts=("missing", "not_reported")), Item("record_19_1"))),
            Topic("interpretation", (Item("20", parts=("inference",)),)),
            Topic("generalisability", (Item("21"),)),
        ),
    ),
    Section(
        "information",
        (Topic("funding", (Item("22"), Item("record_22_1", files=("study", "results", "provenance")))),),
    ),
)
