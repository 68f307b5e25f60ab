"""A process that is killed and restarted continues, and no party waits for an answer that cannot come."""

import time

import pytest

from riskset_server.engine.tickets import EngineLost


@pytest.fixture
def echo(patience_s):
    return lambda engine, name, payload: asked(engine, name, payload, time.monotonic() + patience_s)


def asked(engine, name, payload, until):
    """Repeats a message as long as it fails, as the rounds do."""
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


def test_a_site_killed_while_it_works_is_admitted_again_when_its_lease_has_ended(stage, echo, patience_s):
    """Its lease lasts 20 s here. It had taken the message, which no one else will answer: the engine reports it. The
    second process asks before the first is killed: however long it takes to start, it finds the lease held."""
    stage.superlink()
    engine = stage.engine("a")
    first = stage.site("a")
    first.hears("online")
    engine.start()
    engine.send("a", b"hold this")
    first.hears("asked")
    second = stage.site("a")
    second.hears("LeaseHeld")
    first.kill()
    (reply,) = engine.collect(patience_s)
    assert reply.failure.code in ("server.reply.stopped", "server.reply.restarted")
    second.hears("online")
    assert echo(engine, "a", b"again")[0] == b"niaga"


@pytest.mark.parametrize(
    "keeps_state", [pytest.param(True, id="SQLite"), pytest.param(False, id="in memory", marks=pytest.mark.exhaustive)]
)
def test_a_killed_superlink_comes_back_and_a_new_flower_run_continues(stage, echo, keeps_state):
    """Its stored state is not needed: the coordinator registers the sites again, and they open new sessions."""
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


@pytest.mark.exhaustive
def test_a_stopped_superlink_ends_while_sites_wait_for_messages(stage, echo, wait_until):
    """The site's request would be held for an hour."""
    program = stage.superlink()
    engine = stage.engine("a")
    site = stage.site("a")
    site.hears("online")
    engine.start()
    assert echo(engine, "a", b"before")[0] == b"erofeb"
    wait_until(lambda: stage.questions() == (2, 0))
    engine.close()
    assert program.stop() == 0
    site.hears("ServerAway")


def test_a_stopped_site_is_offline_before_its_lease_has_ended(stage, wait_until, patience_s):
    """It ends its session. Its lease would last an hour."""
    stage.superlink()
    engine = stage.engine("a")
    site = stage.site("a", lease_s=3600.0)
    site.hears("online")
    engine.start()
    assert engine.online().keys() == {"a"}
    assert site.stop() == 0
    wait_until(lambda: engine.online() == {})
    engine.send("a", b"anybody?")
    assert [reply.failure.code for reply in engine.collect(patience_s)] == ["server.reply.stopped"]
