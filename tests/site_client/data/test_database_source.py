"""A query of the site, in DuckDB and through SQLAlchemy: it reads and nothing else, and tells no password."""

import sqlite3
from contextlib import closing

import duckdb
import pytest

from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.data.source_systems import DatabaseSource
from riskset_site.data.sources.database import PASSWORD
from riskset_site.data.sources.reading import read_source
from riskset_site.data.sources.secrets import secret

HEAD = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\n'
MADE = """\
create table t (no integer, x numeric, day date, moment timestamp, flag boolean, word text);
insert into t values (1, 63.0, '2024-01-31', '2024-01-31 13:45:00', true, ' a '), (2, 0.5, null, null, false, '%d :x');
"""


@pytest.fixture(params=["duckdb", "sqlite"])
def address(request, tmp_path):
    folder = tmp_path / "50% of #1 'here'"
    folder.mkdir()
    path = folder / "made.db"
    if request.param == "duckdb":
        with duckdb.connect(path) as connection:
            connection.execute(MADE)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(MADE)
    return f"{request.param}:///{path}"


def texts(table, name):
    column = table.columns[name]
    return [column.texts[code] for code in column.codes]


def read(address, query, *wanted, every=False):
    return read_source(DatabaseSource(database=address, query=query), wanted, (), every=every)


def problem(address, query, *wanted):
    with pytest.raises(DataError) as raised:
        read(address, query, *wanted)
    (found,) = raised.value.problems
    return found


def test_values_have_the_texts_of_their_types(address):
    table = read(
        address, "select * from t where word like '%' order by no", "no", "x", "day", "moment", "word", "absent"
    )
    assert [texts(table, name) for name in table.columns] == [
        ["1", "2"],
        ["63", "0.5"],
        ["2024-01-31", ""],
        ["2024-01-31 13:45:00", ""],
        ["a", "%d :x"],
    ]
    assert table.headers == ("no", "x", "day", "moment", "flag", "word")


def test_only_a_query_that_reads_is_run(address):
    for query in ("delete from t", "drop table t", "insert into t (no) values (3)", "pragma table_info(t)"):
        assert problem(address, query, "no").message.code == "data.source.not_a_select"
    for query in ("select 1 as no; delete from t", "with a as (select 1 as no) delete from t"):
        problem(address, query, "no")
    assert texts(read(address, "select count(*) as n from t", "n"), "n") == ["2"]


def test_what_the_database_answers_is_for_the_site_alone(address):
    found = problem(address, "select no from nowhere where word = 'Kim'", "no")
    assert found.message.code == "data.source.database_refused"
    assert "nowhere" in found.detail
    assert "nowhere" not in f"{found.message} {found.hint} {found.to_json()}"


def test_no_rows_and_repeated_names(address):
    assert problem(address, "select no from t where no > 5", "no").message.code == "data.export.no_rows"
    if address.startswith("sqlite"):
        assert problem(address, "select no, no from t", "no").message.code == "data.export.repeated_column"


def test_bytes_are_no_values(tmp_path):
    with closing(sqlite3.connect(tmp_path / "b.db")) as connection:
        connection.executescript("create table t (b blob); insert into t values (x'00ff');")
    assert problem(f"sqlite:///{tmp_path}/b.db", "select b from t", "b").message.code == "data.source.nested"


def test_a_driver_that_is_not_installed_is_named():
    found = problem("mysql+mysqldb://reader@localhost/x", "select 1 as a", "a")
    assert found.message.code == "data.source.needs_package"
    found = problem("nosuch://reader@localhost/x", "select 1 as a", "a")
    assert found.message.code == "data.source.database_refused"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("postgresql://reader:secret@host/x", "write no password"),
        ("mssql+pyodbc://host/x?pwd=secret", "write no password"),
        ("warehouse.duckdb", "expected an address"),
    ],
)
def test_an_address_without_its_password(hospital, address, code):
    hospital.writes(text=HEAD + f'database = "{address}"\nquery = "select 1"\n')
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file)
    assert code in str(raised.value.problems[0])
    assert "secret" not in str(raised.value.problems[0])


def test_a_file_that_is_not_there_is_told_before_it_is_opened(hospital):
    hospital.writes(text=HEAD + 'database = "duckdb:///a.duckdb"\nquery = "select 1"\n')
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file)
    assert raised.value.problems[0].message.code == "verbatim" or "no file" in str(raised.value.problems[0])
    assert not (hospital.folder / "a.duckdb").exists()


def test_a_secret_is_of_the_environment_or_the_keyring(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    monkeypatch.delenv(PASSWORD, raising=False)
    assert secret(PASSWORD, "postgresql://reader@host/x") is None
    monkeypatch.setenv(PASSWORD, "s3cret")
    assert secret(PASSWORD, "postgresql://reader@host/x") == "s3cret"


class TestDatesThatDuckDbGuesses:
    """A query that names a CSV file leaves the order of day and month to DuckDB, unless somebody says it."""

    ISO, SLASHES, TWO_DIGITS = "2021-03-06", "03/06/2021", "03/06/21"

    def table(self, folder, day, query, **keys):
        (folder / "a.csv").write_text(f"no,day\n1,{day}\n2,{day}\n", encoding="utf-8")
        source = DatabaseSource(database=f"duckdb:///{folder}", query=query, **keys)
        return texts(read_source(source, ("day",), ()), "day")

    @pytest.mark.parametrize("day", [SLASHES, TWO_DIGITS])
    @pytest.mark.parametrize(
        "query",
        [
            "select * from 'a.csv'",
            "with a as (select * from read_csv('a.csv', header = true)) select * from a",
            "select * from (values (1)) one (no) join read_csv_auto(['a.csv']) using (no)",
        ],
    )
    def test_they_are_a_problem(self, tmp_path, day, query):
        with pytest.raises(DataError) as raised:
            self.table(tmp_path, day, query)
        (found,) = raised.value.problems
        assert found.message.code == "data.source.guessed_dates"
        assert "all_varchar = true" in found.hint

    @pytest.mark.parametrize(
        "reader",
        ["read_csv('a.csv', all_varchar = true)", "read_csv('a.csv', types = {'day': 'varchar'})"],
    )
    def test_texts_are_read_as_the_site_file_says(self, tmp_path, reader):
        assert self.table(tmp_path, self.SLASHES, f"select * from {reader}") == [self.SLASHES] * 2

    def test_a_format_that_is_said_is_no_guess(self, tmp_path):
        query = "select * from read_csv('a.csv', dateformat = '%d/%m/%Y')"
        assert self.table(tmp_path, self.SLASHES, query) == ["2021-06-03"] * 2
        found = self.table(tmp_path, self.SLASHES, "select * from 'a.csv'", dates=["%d/%m/%Y"])
        assert found == ["2021-06-03"] * 2

    @pytest.mark.parametrize("day", [ISO, "2021/03/06", "2021-03-06 10:00:00", "no day"])
    def test_the_year_first_is_not_told(self, tmp_path, day):
        assert self.table(tmp_path, day, "select * from 'a.csv'")[0][:4] == day[:4]
