"""The process that a data manager leaves running: it waits while the site is paused, notices what happens in its
folder, and its log says when, and what to do."""

import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.started import started

from riskset.errors import DataError
from riskset.joining.invite import load_connection, write_connection
from riskset.protocol.messages import REFUSALS, own_refusal, refusal_message
from riskset_server.joining.certificates import make_authority
from riskset_site import link as link_module
from riskset_site.network import daemon, folder_watch
from riskset_site.network.folder_watch import FolderWatch, OnlyProcess
from riskset_site.records.service_log import ServiceLog

BOTH = ("--compared", "asan", "--compared", "osaka")
SEOUL = timezone(timedelta(hours=9))


class Line:
    """In the place of the network: at each turn of the process one thing happens at the hospital, then it stops."""

    def __init__(self, *happens):
        self.happens = list(happens)

    def __call__(self, *_):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def receive(self):
        if self.happens:
            self.happens.pop(0)()
        else:
            signal.raise_signal(signal.SIGTERM)


def nothing():
    pass


@pytest.fixture
def serves(member, monkeypatch, capsys):
    """Serves while things happen; returns the exit code and the lines of the log without their times."""

    def serve(*happens):
        handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
        authority = make_authority("a coordinator").certificate.decode()
        connection = load_connection(member.folder / "connection.json")
        text = write_connection(replace(connection, authority=authority))
        (member.folder / "connection.json").write_bytes(text)
        monkeypatch.setattr(link_module, "FleetLink", Line(*happens))
        monkeypatch.setattr(daemon, "IDLE_POLL_S", 0.0)
        monkeypatch.setattr(folder_watch, "LOOK_EVERY_S", 0.0)
        capsys.readouterr()
        try:
            code = member.says("serve")
        finally:
            for name, handler in handlers.items():
                signal.signal(name, handler)
        return code, [line.partition(" ")[2].partition(" ")[2] for line in capsys.readouterr().err.splitlines()]

    return serve


def test_a_paused_site_waits_and_says_so(member, serves):
    member.approves(*BOTH)
    member.says("pause", "--by", "M. Uchida", "--reason", "a new export comes")
    code, said = serves(nothing, lambda: member.says("resume", "--by", "M. Uchida"), nothing)
    assert code == 0
    assert said[0].endswith("by M. Uchida: a new export comes (to continue: riskset site resume)")
    assert said[1] == "this process waits, and answers nothing until then"
    assert said[-2].startswith("an approval is in force again: by M. Uchida")
    assert sum("a new export comes" in line for line in said) == 1


def test_a_pause_beside_the_process_is_in_its_log_before_anyone_asks(member, serves):
    member.approves(*BOTH)
    _, said = serves(lambda: member.says("pause", "--by", "M. Uchida", "--reason", "holidays"), nothing, nothing)
    assert sum("by M. Uchida: holidays (to continue: riskset site resume)" in line for line in said) == 1


def test_a_paused_site_with_new_data_is_told_that_resuming_is_not_enough(member, serves):
    member.approves(*BOTH)
    member.says("pause", "--by", "M. Uchida", "--reason", "a new export comes")
    member.exports(member.patients(59))
    code, said = serves(nothing)
    assert code == 0
    assert said[2].startswith("besides: the data, or how they are read, have changed since the approval (review it")


def test_what_changes_in_the_folder_is_noticed_once_with_what_to_do(member, serves):
    member.approves(*BOTH)
    before = (member.folder / "export.csv").read_bytes()
    code, said = serves(
        lambda: (member.exports(member.patients(61)), member.has_roster(telephone="+81 3")),
        *[nothing] * 3,
        lambda: (member.folder / "export.csv").write_bytes(before),
        *[nothing] * 2,
        lambda: (member.folder / "roster.json").unlink(),
        *[nothing] * 2,
    )
    assert code == 0
    noticed = [line for line in said if str(member.folder) in line]
    assert [line.partition(" has ")[0].rpartition("/")[2] for line in noticed[:2]] == ["export.csv", "roster.json"]
    assert all("riskset site approve" in line and "start riskset site serve again" in line for line in noticed[:2])
    assert noticed[2].endswith("export.csv is again what this process read")
    assert noticed[3].endswith("this process goes on with what it read")
    assert len(noticed) == 4


def test_a_file_that_is_still_being_written_is_not_told_of(tmp_path):
    path, now = tmp_path / "export.csv", [0.0]
    path.write_text("a\n")
    watch = FolderWatch({"export": path}, lambda: now[0])

    def look():
        now[0] += folder_watch.LOOK_EVERY_S
        return list(watch.look())

    for rows in (2, 3):
        path.write_text("a\n" * rows)
        assert look() == []
    assert len(look()) == 1
    assert look() == []
    now[0] += folder_watch.LOOK_EVERY_S / 2
    path.unlink()
    assert list(watch.look()) == [], "it looks every few seconds, however often it is called"


def test_a_second_process_in_the_folder_is_refused_and_named(member, serves, capsys):
    member.approves(*BOTH)
    with OnlyProcess(member.folder / "serve.lock", process=4711):
        assert member.says("serve") == 1
        error = capsys.readouterr().err
    assert f"another riskset site serve, process 4711, is running in {member.folder}" in error
    assert "leave that one running, or stop it first" in error
    assert serves(nothing)[0] == 0, "the hold ended with its process"


def test_a_killed_process_holds_nothing(tmp_path):
    path = tmp_path / "serve.lock"
    code = (
        "import sys, pathlib; from riskset_site.network.folder_watch import OnlyProcess\n"
        "with OnlyProcess(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with started([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        with pytest.raises(DataError, match=f"process {process.pid}, is running"), OnlyProcess(path):
            pass
        process.kill()
    with OnlyProcess(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_in_which_nothing_can_be_written_is_not_called_served(tmp_path):
    with pytest.raises(DataError, match="cannot write"), OnlyProcess(tmp_path / "none" / "serve.lock"):
        pass
    (tmp_path / "other").write_text("this is not a lock" * 100)
    with pytest.raises(DataError, match="cannot write"), OnlyProcess(tmp_path / "other"):
        pass


def test_lines_carry_date_and_time_and_the_file_rotates(tmp_path, capsys):
    path = tmp_path / "serve.log"
    log = ServiceLog(path, lambda: datetime(2027, 3, 31, 23, 59, 1, 5, SEOUL), most_bytes=200, kept=2)
    for number in range(20):
        log(f"line {number}\x1b[2J")
    first, *_ = capsys.readouterr().err.splitlines()
    assert first == "2027-03-31 23:59:01+09:00 line 0\\x1b[2J"
    files = [path, *(tmp_path / f"serve.log.{number}" for number in (1, 2))]
    assert sorted(tmp_path.iterdir()) == files
    assert all(file.stat().st_size <= 200 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    kept = "".join(file.read_text(encoding="utf-8") for file in reversed(files))
    numbers = [int(number) for number in re.findall(r"line (\d+)", kept)]
    assert numbers == list(range(numbers[0], 20))


def test_a_log_that_cannot_be_written_does_not_end_the_process(tmp_path, capsys):
    ServiceLog(tmp_path / "none" / "serve.log", lambda: datetime(2027, 1, 1, tzinfo=UTC))("a line")
    assert capsys.readouterr().err == "2027-01-01 00:00:00+00:00 a line\n"


def test_the_log_of_a_process_is_in_its_folder(member, serves):
    member.approves(*BOTH)
    serves(nothing)
    lines = (member.folder / "serve.log").read_text(encoding="utf-8").splitlines()
    assert lines[-1].endswith(" stopped")
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d ", line) for line in lines)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_site_s_own_log_does_not_send_its_reader_to_that_log(code):
    said = own_refusal(code)
    assert "its log says" not in said
    assert "this site's log" not in said
    assert "at the site" not in said
    if code in ("message", "order"):
        assert said == refusal_message(code, "this site"), "what is clear in both places is said once"
