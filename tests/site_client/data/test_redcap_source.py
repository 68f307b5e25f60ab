"""An export of REDCap and its dictionary, raw or with labels, and the same over the API of a server on this machine."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.data.source_systems import RedcapSource
from riskset_site.data.sources.reading import read_source
from riskset_site.data.sources.redcap import TOKEN

DICTIONARY = """\
"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels"
record_id,base,text,Record ID,
arm,base,radio,"<b>Second-line drug</b>","1, Sorafenib | 2, Lenvatinib | -9, Unknown, other"
dm,base,checkbox,Hepatitis,"1, HBV | 2, HCV | -1, none"
mvi,base,yesno,Vascular invasion,
start,base,text,First dose,
"""
RAW = """\
record_id,redcap_event_name,arm,dm___1,dm___2,dm____1,mvi,start
1,baseline_arm_1,1,1,0,0,1,2020-01-01
2,baseline_arm_1,2,0,0,1,0,2020-02-01
2,visit_arm_1,,,,,,
"""
LABELS = """\
Record ID,Event Name,Second-line drug,Hepatitis (choice=HBV),Hepatitis (choice=HCV),Hepatitis (choice=none),Vascular invasion,First dose
1,Baseline,Sorafenib,Checked,Unchecked,Unchecked,Yes,2020-01-01
2,Baseline,Lenvatinib,Unchecked,Unchecked,Checked,No,2020-02-01
2,Visit,,,,,,
"""  # noqa: E501
API = DICTIONARY.replace("Variable / Field Name", "field_name").replace("Field Type", "field_type")
API = API.replace("Field Label", "field_label").replace(
    "Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"
)
NAMES = ("record_id", "redcap_event_name", "arm", "dm___1", "dm____1", "mvi", "start")


def texts(table, name):
    column = table.columns[name]
    return [column.texts[code] for code in column.codes]


@pytest.fixture
def export(tmp_path):
    def read(text, dictionary=DICTIONARY, wanted=NAMES, **keys):
        (tmp_path / "export.csv").write_text(text, "utf-8")
        (tmp_path / "dictionary.csv").write_text(dictionary, "utf-8-sig")
        source = RedcapSource(redcap="export.csv", dictionary="dictionary.csv", **keys).under(tmp_path)
        return read_source(source, wanted, ())

    return read


def test_a_raw_export_has_codes_and_the_check_explains_them(export):
    table = export(RAW)
    assert texts(table, "arm") == ["1", "2", ""]
    assert (texts(table, "dm___1"), texts(table, "dm____1")) == (["1", "0", ""], ["0", "1", ""])
    of_arm, of_mvi = table.warnings
    assert str(of_arm.message) == "the dictionary says: 1 = 'Sorafenib', 2 = 'Lenvatinib', -9 = 'Unknown, other'"
    assert "mvi" in of_mvi.where


def test_choices_are_read_by_label_on_request(export):
    table = export(RAW, labels=True)
    assert texts(table, "arm") == ["Sorafenib", "Lenvatinib", ""]
    assert texts(table, "mvi") == ["Yes", "No", ""]
    assert texts(table, "dm___1") == ["1", "0", ""], "a box is checked or not"
    assert table.warnings == ()


def test_an_export_with_labels_has_the_same_columns(export):
    table = export(LABELS, holds="labels")
    raw = export(RAW, labels=True)
    for name in NAMES:
        if name != "redcap_event_name":
            assert texts(table, name) == texts(raw, name)
    assert texts(table, "redcap_event_name") == ["Baseline", "Baseline", "Visit"]
    assert texts(export(LABELS, holds="labels", labels=False), "arm") == ["1", "2", ""]


def test_a_choice_that_the_dictionary_lacks_is_a_problem(export):
    (found,) = export(RAW.replace("1,1,0,0,1,2020", "3,1,0,0,1,2020")).problems
    assert (found.message.code, found.detail) == ("data.fault.unknown_choice", "row 2: '3'")
    assert export(RAW.replace("1,1,0,0,1,2020", "-99,1,0,0,1,2020"), missing=("", "-99")).problems == ()
    assert len(export(LABELS, holds="codes", wanted=("Record ID",)).problems) == 0
    (found,) = export(RAW.replace(",1,0,0,1,2020", ",x,0,0,1,2020")).problems
    assert found.where == "column 'dm___1'"


def test_two_codes_of_one_label_have_no_code(export):
    twice = DICTIONARY.replace("2, Lenvatinib", "2, Sorafenib")
    assert len(export(LABELS.replace("Lenvatinib", "Sorafenib"), twice, holds="labels", labels=False).problems) == 1


def test_what_is_no_dictionary_is_told(export):
    with pytest.raises(DataError) as raised:
        export(RAW, dictionary="a,b\n1,2\n")
    assert raised.value.problems[0].message.code == "data.redcap.no_dictionary"


class Server:
    """A project behind an API on this machine."""

    def __init__(self):
        self.asked = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                server.asked.append(query)
                is_known = query["token"] == ["T0KEN"]
                text = API if query["content"] == ["metadata"] else RAW
                self.send_response(200 if is_known else 403)
                self.end_headers()
                self.wfile.write((text if is_known else '{"error":"no rights for ' + query["token"][0] + '"}').encode())

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/api/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def read(self, *wanted, **keys):
        return read_source(RedcapSource(redcap=self.address, **keys), wanted, ("height",))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(TOKEN, "T0KEN")
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


class TestApi:
    def test_only_the_fields_that_are_needed_are_asked_for(self, server):
        table = server.read("dm___1", "arm", labels=True)
        assert (texts(table, "arm"), texts(table, "dm___1")) == (["Sorafenib", "Lenvatinib", ""], ["1", "0", ""])
        _, records = server.asked
        assert [value for key, (value,) in records.items() if key.startswith("fields")] == ["record_id", "arm", "dm"]

    def test_a_refusal_is_told_without_the_token(self, server, monkeypatch):
        monkeypatch.setenv(TOKEN, "WR0NG")
        with pytest.raises(DataError) as raised:
            server.read("arm")
        (found,) = raised.value.problems
        assert (found.message.code, found.detail) == ("data.redcap.refused", '{"error":"no rights for ***"}')
        assert "WR0NG" not in f"{raised.value} {raised.value.hint} {found}"

    def test_without_a_token_nothing_is_asked(self, server, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "keyring", None)
        monkeypatch.delenv(TOKEN)
        with pytest.raises(DataError) as raised:
            server.read("arm")
        assert TOKEN in str(raised.value.hint)
        assert server.asked == []

    def test_a_server_that_is_not_there(self, server):
        server.address = "http://127.0.0.1:9/api/"
        with pytest.raises(DataError) as raised:
            server.read("arm")
        assert raised.value.problems[0].message.code == "data.redcap.unreachable"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('redcap = "export.csv"', "needs dictionary"),
        ('redcap = "http://redcap.example.org/api/"', "begins with https"),
        ('redcap = "https://redcap.example.org/api/?token=ABC"', "write no password"),
        ('redcap = "https://redcap.example.org/api/"\ndictionary = "dictionary.csv"', "not of the API"),
        ('redcap = "export.csv"\ndictionary = "nowhere.csv"', "no file 'nowhere.csv'"),
        ('redcap = "https://redcap.example.org/api/"\ntoken = "ABC"', "unknown key"),
    ],
)
def test_what_a_site_file_cannot_say(hospital, lines, told):
    hospital.writes(text=f'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\n{lines}\n')
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file)
    assert told in str(raised.value.problems[0])
