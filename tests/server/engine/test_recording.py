"""The recording of the public port."""

from riskset_server.engine.recording import ANSWER, REQUEST, RecordedMessage, Recorder, read_recording


def test_records_are_read_in_the_order_written(tmp_path):
    recorder = Recorder(tmp_path / "recording")
    recorder.write(REQUEST, "/v1/fleet/push-object", b"\x00Q\n")
    recorder.write(ANSWER, "/v1/fleet/push-object", b"")
    recorder.close()
    assert list(read_recording(tmp_path / "recording")) == [
        RecordedMessage(True, "/v1/fleet/push-object", b"\x00Q\n"),
        RecordedMessage(False, "/v1/fleet/push-object", b""),
    ]


def test_an_incomplete_last_record_is_left_out(tmp_path):
    path = tmp_path / "recording"
    recorder = Recorder(path)
    recorder.write(REQUEST, "/first", b"whole")
    recorder.write(REQUEST, "/second", b"torn")
    recorder.close()
    for cut in range(1, 11 + len("/second") + len("torn")):
        path.write_bytes(path.read_bytes()[:-1])
        assert [record.path for record in read_recording(path)] == ["/first"], cut


def test_only_its_owner_can_read_a_recording(tmp_path):
    Recorder(tmp_path / "recording").close()
    assert (tmp_path / "recording").stat().st_mode & 0o777 == 0o600


def test_a_recording_continues_after_a_restart(tmp_path):
    for body in (b"one", b"two"):
        recorder = Recorder(tmp_path / "recording")
        recorder.write(REQUEST, "/", body)
        recorder.close()
    assert [record.body for record in read_recording(tmp_path / "recording")] == [b"one", b"two"]
