"""What is killed and started again finds its way back, and nobody waits for an answer that cannot come."""

import time

import pytest

from riskset_server.engine.tickets import EngineLost


def echo(engine, name, payload, within_s=40.0):
    """Asks again as long as asking fails, as the rounds do."""
    until = time.monotonic() + within_s
    failures = []
    while time.monotonic() < until:
        if name not in engine.online():
            time.sleep(0.1)
            continue
        engine.send(name, payload)
        while not (replies := engine.collect(1.0)):
            assert time.monotonic() < until, failures
        if replies[0].payload is not None:
            return replies[0].payload, failures
        failures.append(replies[0].failure)
    raise AssertionError(failures)


def test_a_site_killed_while_it_works_gets_in_again_when_its_lease_has_ended(stage):
    """Its lease lasts 20 s here. It had taken the message, which nobody else will answer: the engine says so."""
    stage.superlink()
    engine = stage.engine("a")
    first = stage.site("a")
    first.hears("online")
    engine.start()
    engine.send("a", b"hold this")
    first.hears("asked")
    first.kill()
    began = time.monotonic()
    second = stage.site("a")
    second.hears("LeaseHeld")
    while not (replies := engine.collect(1.0)):
        assert time.monotonic() - began < 30
    assert replies[0].failure in ("has stopped answering", "has started anew; it may have lost the question")
    second.hears("online")
    assert time.monotonic() - began < 30
    assert echo(engine, "a", b"again")[0] == b"niaga"


@pytest.mark.parametrize("keeps_state", [True, False], ids=["SQLite", "in memory"])
def test_a_killed_superlink_comes_back_and_a_new_flower_run_goes_on(stage, keeps_state):
    """What it kept is not needed: the coordinator registers the sites again, and they open new sessions."""
    database = stage.folder / "state.db" if keeps_state else None
    first = stage.superlink(database)
    engine = stage.engine("a")
    site = stage.site("a")
    site.hears("online")
    engine.start()
    assert echo(engine, "a", b"before")[0] == b"erofeb"
    first.kill()
    with pytest.raises(EngineLost, match="does not answer"):
        engine.send("a", b"into the dark")
    site.hears("ServerAway")
    with pytest.raises(EngineLost):
        engine.start()
    second = stage.superlink(database)
    engine.start()
    assert echo(engine, "a", b"after")[0] == b"retfa"
    assert second.stop() == 0


def test_a_stopped_superlink_ends_in_time_while_sites_wait_for_messages(stage):
    program = stage.superlink()
    engine = stage.engine("a")
    stage.site("a").hears("online")
    engine.start()
    engine.close()
    began = time.monotonic()
    assert program.stop() == 0
    assert time.monotonic() - began < 4


def test_a_stopped_site_is_offline_at_once(stage):
    stage.superlink()
    engine = stage.engine("a")
    site = stage.site("a")
    site.hears("online")
    engine.start()
    assert site.stop() == 0
    time.sleep(1.1)  # what the engine knows of the sites may be a second old
    assert engine.online() == {}
    engine.send("a", b"anybody?")
    assert [reply.failure for reply in engine.collect(5.0)] == ["has stopped answering"]
