"""The hash of a study does not change with riskset's version: approvals name it."""

import json
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from riskset.study.differences import differences
from riskset.study.load import canonical_json, load_study, study_from_json, study_hash
from riskset.study.spec import Comparison, Study
from riskset.study.toml_table import Since

ROOT = Path(__file__).parents[3]
OF_0_1_0 = {
    "configs/hcc-second-line.toml": "0111c649328aadd76fcc261d208006e6a4277146729606e90732203e7139721b",
    "demonstrations/riskset_demo/studies/lung.toml": "31e8b9122569ea940b0a4cfeb6db2f191a701be37369838f19973692de56b56c",
    "tests/recorded/0.1.0/study.toml": "d23bd17812a755713f0edf08ac6b646c37384e634eb8deec13fe8461b9a05ff7",
}
"""As computed by riskset 0.1.0. Editing a file changes its hash; a new version of riskset does not."""


@pytest.mark.parametrize("file", OF_0_1_0)
def test_a_study_of_0_1_0_has_the_hash_it_had(file):
    study = load_study(ROOT / file)
    assert study_hash(study) == OF_0_1_0[file]
    assert study_from_json(canonical_json(study)) == study


Origin = Literal["entry", "diagnosis"]


class LaterComparison(Comparison):
    """A table as a later version may have it: a key with another name in Python, and one with a list."""

    origin_: Annotated[Origin, Since("9.0"), Field(alias="origin")] = "entry"
    marks: Annotated[tuple[int, ...], Since("9.0")] = ()


class LaterStudy(Study):
    comparison: LaterComparison | None = None


class UnmarkedComparison(Comparison):
    origin: Origin = "entry"


class UnmarkedStudy(Study):
    comparison: UnmarkedComparison | None = None


NOW = load_study(ROOT / "configs" / "hcc-second-line.toml")


def read_by(version, **keys):
    """Returns the study as that version reads it, with more keys under [comparison]."""
    document = NOW.model_dump(mode="json", by_alias=True)
    return version.model_validate_json(json.dumps(document | {"comparison": document["comparison"] | keys}))


class TestAKeyThatALaterVersionAdds:
    @pytest.mark.parametrize("keys", [{}, {"origin": "entry"}, {"marks": []}, {"origin": "entry", "marks": []}])
    def test_absent_or_default_it_leaves_the_hash_unchanged(self, keys):
        study = read_by(LaterStudy, **keys)
        assert (study.comparison.origin_, study.comparison.marks) == ("entry", ())
        assert canonical_json(study) == canonical_json(NOW)
        assert differences(read_by(LaterStudy), study) == []

    def test_another_value_makes_a_different_study(self):
        origin, marks = read_by(LaterStudy, origin="diagnosis"), read_by(LaterStudy, marks=[1])
        assert len({study_hash(study) for study in (NOW, origin, marks)}) == 3
        default = read_by(LaterStudy)
        assert [*map(str, differences(default, origin))] == [
            'Section [comparison]: origin changed from "entry" to "diagnosis".'
        ]
        assert differences(NOW, origin)
        assert [*map(str, differences(default, marks))] == ["Section [comparison]: marks changed from [] to [1]."]
        document = json.loads(canonical_json(origin))
        del document["order"]
        assert LaterStudy.model_validate_json(json.dumps(document)) == origin

    def test_by_its_name_in_python_too(self):
        default, other = (
            LaterComparison(arm="arm", reference="old", origin=origin) for origin in ("entry", "diagnosis")
        )
        assert set(default.model_dump()) == {"arm", "reference", "estimand"}
        assert set(other.model_dump()) == {"arm", "reference", "estimand", "origin_"}

    def test_without_the_mark_every_hash_would_change(self):
        assert study_hash(read_by(UnmarkedStudy)) != study_hash(NOW)

    def test_it_needs_a_default(self):
        with pytest.raises(TypeError, match=r"NoDefault\.effect is marked with Since and needs a default"):

            class NoDefault(Comparison):
                effect: Annotated[str, Since("9.0")]
