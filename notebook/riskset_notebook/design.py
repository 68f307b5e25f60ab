"""A checked study as a notebook shows it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.study.load import load_study, study_hash
from riskset.study.spec import NumberVariable, Study
from riskset_notebook.columns import NUMBER, TEXT, TRUTH, frame_of
from riskset_notebook.frames.part import Row
from riskset_notebook.notes import with_notes

_COLUMNS = {
    "variable": TEXT,
    "type": TEXT,
    "label": TEXT,
    "levels": TEXT,
    "unit": TEXT,
    "lowest": NUMBER,
    "highest": NUMBER,
    "step": NUMBER,
    "required": TRUTH,
    "derived": TEXT,
}


@dataclass(frozen=True)
class StudyDesign:
    """A study file that was read and checked."""

    spec: Study = field(repr=False)
    """The study as riskset computes with it. Not public: its attributes may be renamed."""

    @property
    def id(self) -> str:
        """The study's id."""
        return self.spec.id

    @property
    def version(self) -> str:
        """The study's version."""
        return self.spec.version

    @property
    def title(self) -> str:
        """The English title, or the first that there is."""
        return self.spec.title_in("en")

    @property
    def sha256(self) -> str:
        """The hash that approvals name."""
        return study_hash(self.spec)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites, in the study's order."""
        return tuple(self.spec.sites)

    @property
    def analyses(self) -> tuple[str, ...]:
        """Ids of the results that a run has, in the study's order."""
        return tuple(one.id for one in plan(self.spec).reported if not one.is_part)

    def to_frame(self) -> pd.DataFrame:
        """Returns one row for each variable, in the study's order: what a column of patients must hold.

        `levels` are joined by ` | `; `lowest`, `highest` and `step` are of numbers; `derived` says how the study
        computes the variable, which needs no column then.
        """
        derived = {name: str(one.in_words) for name, one in self.spec.derivations.items()}
        rows = []
        for name, variable in self.spec.variables.items():
            row: Row = {"variable": name, "type": variable.type, "label": self.spec.label_of(name)}
            row |= {"levels": " | ".join(self.spec.levels_of(name)) or None, "derived": derived.get(name)}
            row |= {"required": variable.required and not variable.is_derived}
            if isinstance(variable, NumberVariable):
                low, high = variable.range
                row |= {"unit": variable.unit or None, "lowest": low, "highest": high, "step": variable.step}
            rows.append(row)
        return frame_of(rows, _COLUMNS)

    def __repr__(self) -> str:
        head = f"<StudyDesign {self.id} {self.version}: {self.title}>"
        lists = (("sites", self.sites), ("variables", tuple(self.spec.variables)), ("results", self.analyses))
        return "\n".join([head, *(f"  {name:<10}{', '.join(names)}" for name, names in lists)])

    def _repr_html_(self) -> str:
        table = self.to_frame().fillna({"levels": "", "unit": "", "derived": ""}).to_html(index=False, na_rep="")
        head = f"<p><b>{escape(self.title)}</b><br>{escape(self.id)} {escape(self.version)}"
        return f"{head}<br>{escape(str(say('notebook.design.sites', sites=self.sites)))}</p>{table}"


@with_notes
def read_study(path: str | os.PathLike[str]) -> StudyDesign:
    """Returns the study in `path` (TOML). Raises DataError, with every problem as a note, where it is not a study that
    can be run."""
    study = load_study(Path(path))
    plan(study)
    return StudyDesign(study)
