"""The largest demonstration: every frame of every result, from the frames that its exports are."""

import csv
import io

import pandas as pd
import pytest

import riskset
from riskset.cli import main
from riskset_demo.studies import DEMONSTRATIONS

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Loaded from the folder that a rehearsal of its site files wrote."""
    folder = tmp_path_factory.mktemp("hcc")
    (folder / "study.toml").write_bytes(DEMONSTRATIONS["hcc"].study)
    for site, files in DEMONSTRATIONS["hcc"].folders().items():
        (folder / "sites" / site).mkdir(parents=True)
        for name, content in files.items():
            (folder / "sites" / site / name).write_bytes(content)
    options = ["--sites", str(folder / "sites"), "--out", str(folder / "out")]
    assert main(["study", "try", str(folder / "study.toml"), *options]) == 0
    return riskset.load(folder / "out", riskset.read_study(folder / "study.toml"))


def test_every_part_has_its_types_in_every_result(run):
    types = {}
    for result in run.values():
        for part in result.parts:
            frame = result.to_frame(part)
            key = (result.kind, result.id.endswith(("fine-gray", "by-site")), part)
            assert types.setdefault(key, frame.dtypes.to_dict()) == frame.dtypes.to_dict(), (result.id, part)


def test_every_missing_estimate_says_why(run):
    for result in run.values():
        frame = result.to_frame()
        for name in {"hr", "odds_ratio", "lower", "upper", "estimate", "rmst_days"} & set(frame):
            missing = frame[name].isna()
            if "measure" not in frame:
                assert frame.loc[missing, "reason"].notna().all(), (result.id, name)


def test_frames_agree_with_terms_csv(run):
    text = (run._tables.folder / "terms.csv").read_text(encoding="utf-8-sig")
    written = pd.DataFrame(list(csv.DictReader(io.StringIO(text))))
    for id_, rows in written[written["kind"] == "cox"].groupby("result"):
        terms = run[id_].to_frame().dropna(subset=["coef"])
        assert [float(value) for value in rows["estimate"] if value] == terms["coef"].tolist(), id_
        assert [float(value) for value in rows["ratio"] if value] == terms["hr"].tolist(), id_
