"""Files that hold types: each value has one text, whatever the file, and what is declared as missing is no value."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pyreadstat
import pytest

from riskset.errors import DataError
from riskset_site.data.source_kinds import SOURCES
from riskset_site.data.sources.cells import cell_text, written_as
from riskset_site.data.sources.reading import read_source


def texts(table, name):
    column = table.columns[name]
    return [column.texts[code] for code in column.codes]


def read(kind, path, *wanted, every=False, **keys):
    return read_source(SOURCES[kind](**{kind: path}, **keys), wanted, (), every=every)


def problem(kind, path, *wanted, **keys):
    with pytest.raises(DataError) as raised:
        read(kind, path, *wanted, **keys)
    (found,) = raised.value.problems
    return found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (63.0, "63"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (Decimal("63.00"), "63"),
        (Decimal("0.50"), "0.5"),
        (True, "true"),
        (date(2024, 1, 31), "2024-01-31"),
        (datetime(2024, 1, 31, tzinfo=UTC), "2024-01-31"),
        (datetime(2024, 1, 31, 13, 45, 0, 9), "2024-01-31 13:45:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        (" a ", "a"),
    ],
)
def test_a_value_has_one_text(value, text):
    assert cell_text(value) == text


def test_single_precision_is_read_as_it_was_written():
    written = np.array([0.1, 63.2, 1e-9, 123456.78, 3.4e38, np.nan, np.inf, 5])
    found = written_as(written.astype(np.float32))
    np.testing.assert_array_equal(found[[0, 1, 6, 7]], written[[0, 1, 6, 7]])
    np.testing.assert_allclose(found, written, rtol=1e-7)


class TestArrow:
    TABLE = pa.table(
        {
            "no": pa.array([1, 2, None], pa.int16()),
            "arm": pa.array(["a", "b", "a"]).dictionary_encode(),
            "x": pa.array([0.1, 63.2, float("nan")], pa.float32()),
            "day": pa.array([date(2024, 1, 31), None, date(1, 1, 1)], pa.date32()),
            "at": pa.array([datetime(2024, 1, 31, 0, 0), datetime(2024, 1, 31, 13, 45), None], pa.timestamp("ns")),
            "flag": [True, False, None],
            "many": [[1], [], None],
            "nothing": pa.nulls(3),
        }
    )

    @pytest.fixture(params=["parquet", "feather"])
    def file(self, request, tmp_path):
        path = tmp_path / "export"
        if request.param == "parquet":
            pa.parquet.write_table(self.TABLE, path, row_group_size=2)
        else:
            pa.feather.write_feather(self.TABLE, str(path), chunksize=2)
        return request.param, path

    def test_is_read_by_its_types(self, file):
        table = read(*file, "no", "arm", "x", "day", "at", "flag", "nothing", "absent")
        assert [texts(table, name) for name in table.columns] == [
            ["1", "2", ""],
            ["a", "b", "a"],
            ["0.1", "63.2", ""],
            ["2024-01-31", "", "0001-01-01"],
            ["2024-01-31", "2024-01-31 13:45:00", ""],
            ["true", "false", ""],
            ["", "", ""],
        ]
        assert (table.headers, table.row_numbers.tolist()) == (tuple(self.TABLE.column_names), [2, 3, 4])

    def test_a_list_in_a_row_is_refused_where_it_is_needed(self, file):
        assert problem(*file, "many").message.code == "data.source.nested"
        assert problem(*file, every=True).message.code == "data.source.nested"

    def test_another_file_is_told_as_such(self, tmp_path):
        (tmp_path / "export").write_text("a,b\n1,2\n")
        for kind in ("parquet", "feather"):
            assert problem(kind, tmp_path / "export", "a").message.code == "data.source.damaged"

    def test_without_rows(self, tmp_path):
        pa.parquet.write_table(self.TABLE.slice(0, 0), tmp_path / "export")
        assert problem("parquet", tmp_path / "export", "no").message.code == "data.export.no_rows"


class TestStatisticsFiles:
    FRAME = pd.DataFrame(
        {
            "no": [1.0, 2, 3, 4],
            "性別": [1.0, 2, 9, np.nan],
            "name": ["a", "b", "", "ü"],
            "start": [date(2020, 1, 1), date(1890, 2, 1), None, date(2020, 3, 1)],
            "at": [datetime(2020, 1, 1, 13, 5), None, None, None],
            "x": np.array([0.1, 63.2, np.nan, 2]),
        }
    )

    def test_spss_with_codes_and_with_labels(self, tmp_path):
        path = tmp_path / "export.sav"
        missing = {"性別": [9, {"lo": 97, "hi": 99}]}
        pyreadstat.write_sav(
            self.FRAME, path, variable_value_labels={"性別": {1: "男", 2: "女", 9: "不明"}}, missing_ranges=missing
        )
        table = read("spss", path, "性別", "start", "at", "name")
        assert texts(table, "性別") == ["1", "2", "", ""]
        assert texts(table, "start") == ["2020-01-01", "1890-02-01", "", "2020-03-01"]
        assert texts(table, "at") == ["2020-01-01 13:05:00", "", "", ""]
        assert texts(table, "name") == ["a", "b", "", "ü"]
        declared, labels = table.warnings
        assert (declared.message.code, declared.detail) == ("data.fault.declared_missing", "row 4")
        assert str(labels.message).endswith("1 = '男', 2 = '女', 9 = '不明'")
        assert not read("spss", path, "start", labels=True).warnings
        assert texts(read("spss", path, "性別", labels=True), "性別") == ["男", "女", "", ""]

    def test_stata_with_extended_missing_values_and_single_precision(self, tmp_path):
        path = tmp_path / "export.dta"
        frame = pd.DataFrame({"sex": [1, 2, "a", np.nan], "arm": ["a", "b", "a", "z"]})
        pyreadstat.write_dta(frame, path, missing_user_values={"sex": ["a"]}, variable_value_labels={"sex": {1: "m"}})
        table = read("stata", path, "sex", "arm", labels=True)
        assert texts(table, "sex") == ["m", "2", "", ""]
        assert texts(table, "arm") == ["a", "b", "a", "z"], "a text is no missing value"
        assert table.warnings[0].detail == "row 4"
        pd.DataFrame({"x": np.array([0.1, 63.2], np.float32)}).to_stata(path, write_index=False)
        assert texts(read("stata", path, "x"), "x") == ["0.1", "63.2"]

    def test_a_transport_file_of_sas(self, tmp_path):
        path = tmp_path / "export.xpt"
        pyreadstat.write_xport(self.FRAME.rename(columns={"性別": "sex"}), path, file_format_version=8)
        table = read("sas", path, "no", "start", "x", every=True)
        assert texts(table, "no") == ["1", "2", "3", "4"]
        assert texts(table, "start")[:2] == ["2020-01-01", "1890-02-01"]
        assert texts(table, "x") == ["0.1", "63.2", "", "2"]

    def test_in_chunks_the_rows_are_the_same(self, tmp_path, monkeypatch):
        path = tmp_path / "export.sav"
        pyreadstat.write_sav(self.FRAME, path, missing_ranges={"性別": [9]})
        whole = read("spss", path, "no", "性別")
        for rows in (1, 2, 3):
            monkeypatch.setattr("riskset_site.data.sources.statistics_files._CHUNK_ROWS", rows)
            table = read("spss", path, "no", "性別")
            assert [texts(table, name) for name in table.columns] == [texts(whole, name) for name in table.columns]
            assert table.warnings == whole.warnings

    def test_another_encoding_and_another_file_are_told(self, tmp_path):
        path = tmp_path / "export.sav"
        pyreadstat.write_sav(pd.DataFrame({"name": ["ソラフェニブ"]}), path)
        assert problem("spss", path, "name", encoding="cp949").message.code == "data.export.other_encoding"
        path.write_text("a,b\n1,2\n")
        for kind in ("sas", "spss", "stata"):
            assert problem(kind, path, "a").message.code == "data.source.damaged"


def test_a_package_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyreadstat", None)
    with pytest.raises(DataError) as raised:
        read("stata", tmp_path / "export.dta", "a")
    assert "pyreadstat" in str(raised.value)
    assert "'riskset[statistics]'" in str(raised.value.hint)


def _save(frame, path):
    if path.suffix == ".dta":
        frame.to_stata(path, write_index=False, convert_dates=dict.fromkeys(["start", "death", "last"], "td"))
    else:
        frame.to_parquet(path)


@pytest.mark.parametrize("kind", ["parquet", "stata"])
def test_a_patient_number_in_single_precision_is_known_to_have_lost_digits(hospital, kind):
    """20240001 and 20240002 are one number there, and two patients would become one."""
    days = pd.to_datetime([f"2020-01-{i + 1:02}" for i in range(8)])
    frame = pd.DataFrame(
        {
            "id": np.array([20240001 + i // 2 for i in range(8)], np.float32),
            "arm": ["sorafenib"] * 8,
            "age": [60.0] * 8,
            "mvi": ["yes"] * 8,
            "afp": np.array([30_000_000.0] * 8, np.float32) / 1000,
            "start": days,
            "death": pd.NaT,
            "last": days + timedelta(days=400),
        }
    )
    frame["death"] = pd.to_datetime(frame["death"])
    name = f"export.{'dta' if kind == 'stata' else kind}"
    _save(frame, hospital.folder / name)
    plain = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\n'
    rows = 'rows = { one_per = "id", take = "last" }\n'
    hospital.site_file.write_text(f'{plain}{kind} = "{name}"\n{rows}', encoding="utf-8")
    assert "data.fault.rounded_key" in [one.message.code for one in hospital.check().problems]
    frame["id"] = [1, 1, 2, 2, 3, 3, 4, 4]
    _save(frame, hospital.folder / name)
    found = hospital.check()
    assert (found.problems, found.rows) == ((), 4)
    (afp,) = (one for one in found.variables if one.variable == "afp")
    assert afp.spread.maximum == 30_000
