"""The recording of the public port."""

from riskset_server.engine.recording import ANSWER, REQUEST, Record, Recorder, read_recording


def test_what_was_written_is_read_in_its_order(tmp_path):
    recorder = Recorder(tmp_path / "recording")
    recorder.write(REQUEST, "/v1/fleet/push-object", b"\x00Q\n")
    recorder.write(ANSWER, "/v1/fleet/push-object", b"")
    recorder.close()
    assert list(read_recording(tmp_path / "recording")) == [
        Record(True, "/v1/fleet/push-object", b"\x00Q\n"),
        Record(False, "/v1/fleet/push-object", b""),
    ]


def test_a_record_that_a_killed_process_did_not_finish_is_left_out(tmp_path):
    path = tmp_path / "recording"
    recorder = Recorder(path)
    recorder.write(REQUEST, "/first", b"whole")
    recorder.write(REQUEST, "/second", b"torn")
    recorder.close()
    for cut in range(1, 11 + len("/second") + len("torn")):
        path.write_bytes(path.read_bytes()[:-1])
        assert [record.path for record in read_recording(path)] == ["/first"], cut


def test_a_recording_is_its_owner_s_alone(tmp_path):
    Recorder(tmp_path / "recording").close()
    assert (tmp_path / "recording").stat().st_mode & 0o777 == 0o600


def test_a_recording_goes_on_after_a_restart(tmp_path):
    for body in (b"one", b"two"):
        recorder = Recorder(tmp_path / "recording")
        recorder.write(REQUEST, "/", body)
        recorder.close()
    assert [record.body for record in read_recording(tmp_path / "recording")] == [b"one", b"two"]
