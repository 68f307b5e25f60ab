"""Why a site may not reach its coordinator, in the words that a person at the hospital reads."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from riskset.engine.wire import LEASE_HEADER
from riskset_site.network.reachability import (
    ClockOff,
    KeyRefused,
    LeaseHeld,
    ServerAway,
    ServerNotTrusted,
    in_words,
    no_answer,
    rejected,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOON_HTTP = "Sun, 22 Nov 2026 12:00:00 GMT"


def refused(status, ours=NOON, **headers):
    headers = {"date": NOON_HTTP} | {name.replace("_", "-"): value for name, value in headers.items()}
    return rejected("study:8443", httpx.Response(status, headers=headers), ours)


@pytest.mark.parametrize(
    ("ahead_s", "words"),
    [(6, "6 s ahead of"), (42, "42 s ahead of"), (3600, "60 min ahead of"), (9 * 3600, "9.0 h ahead of")],
)
def test_a_clock_that_is_fast(ahead_s, words):
    error = refused(401, NOON + timedelta(seconds=ahead_s))
    assert isinstance(error, ClockOff)
    assert error.offset_s == ahead_s
    assert words in str(error)


def test_a_clock_that_is_slow():
    error = refused(401, NOON - timedelta(hours=9))
    assert isinstance(error, ClockOff)
    assert "9.0 h behind the coordinator's" in str(error)


@pytest.mark.parametrize("offset_s", [0, 2.9, -60, -299])
def test_a_clock_that_the_server_would_accept_is_not_blamed(offset_s):
    assert isinstance(refused(401, NOON + timedelta(seconds=offset_s)), KeyRefused)


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_a_server_that_tells_no_time_leaves_the_key_to_blame(date):
    assert isinstance(refused(401, date=date), KeyRefused)


def test_a_known_key_with_a_session_is_told_from_an_unknown_one():
    assert isinstance(refused(412), KeyRefused)
    held = refused(412, **{LEASE_HEADER: "17.3"})
    assert isinstance(held, LeaseHeld)
    assert held.retry_s == 17.3


@pytest.mark.parametrize("left", ["0.0", "-3", "soon"])
def test_a_lease_that_ends_now_is_tried_again_in_a_second(left):
    assert refused(412, **{LEASE_HEADER: left}).retry_s == 1.0


def test_any_other_no_is_a_server_that_is_not_there_yet():
    assert "HTTP 503" in str(refused(503))


def test_a_certificate_is_told_from_a_network_that_is_down():
    certificate = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert isinstance(no_answer("study:8443", certificate), ServerNotTrusted)
    assert isinstance(no_answer("study:8443", httpx.ConnectError("refused")), ServerAway)
    assert "the proxy does not connect" in str(no_answer("study:8443", httpx.ProxyError("407")))


def test_each_says_what_to_do():
    for error in (refused(401), refused(412), refused(503), ClockOff(9), LeaseHeld(9)):
        assert error.hint


def test_durations_as_people_say_them():
    assert [in_words(s) for s in (1, 119, 120, 7199, 7200)] == ["1 s", "119 s", "2 min", "120 min", "2.0 h"]
