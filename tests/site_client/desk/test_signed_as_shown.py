"""What is signed at the desk is what the page showed: attacks that change a file between the page and the button."""

import re
from html import unescape

from tests.site_client.desk.conftest import at_desk
from tests.site_client.desk.test_forms_at_desk import standing

from riskset.catalogue import say
from riskset.secure.keys import new_identity
from riskset_site.study_folder import load_study_folder


def typed(desk, page=None):
    """What a browser sends of the form of the approval as it is shown, with each box that has a tick."""
    page = page or desk.reads("/approve")
    found = dict(re.findall(r'<input type="(?:hidden|text|date)"[^>]*? name="([^"]*)" value="([^"]*)"', page))
    boxes = dict(re.findall(r'<input type="checkbox"[^>]*? name="([^"]*)" value="([^"]*)" checked', page))
    return {name: unescape(value) for name, value in {**found, **boxes}.items()}


def words_of(member, site):
    return load_study_folder(member.site_file).roster.fingerprint(site)


def ticked(member, *sites):
    boxes = {f"compared-{site}": words_of(member, site) for site in sites}
    return {"by": "M. Uchida", "irb": "2024-117", "until": "2099-12-31", "statement": "yes", **boxes}


def presses(desk, fields):
    return desk.client.post(f"{desk.app.base}/approve", data=fields)


def test_ticks_beside_words_that_were_replaced_are_cleared(member):
    desk = at_desk(member)
    form = typed(desk) | ticked(member, "asan", "osaka") | {"may_be_subtracted": "yes"}
    before = words_of(member, "asan")
    member.others = {name: new_identity() for name in member.others}
    member.has_roster()
    answer = presses(desk, form)
    assert answer.status_code == 422
    assert before not in answer.text
    assert words_of(member, "asan") in answer.text
    again = typed(desk, answer.text)
    assert again["by"] == "M. Uchida"
    assert not {"statement", "may_be_subtracted", "compared-asan", "compared-osaka"} & again.keys()
    assert presses(desk, again).status_code == 422
    assert standing(member).approval is None
    assert presses(desk, again | ticked(member, "asan")).status_code == 200
    assert standing(member).approval.compared == ("asan",)


def test_a_tick_counts_only_with_the_words_it_was_beside(member):
    desk = at_desk(member)
    answer = presses(desk, typed(desk) | ticked(member) | {"compared-asan": "six words of somebody else here"})
    assert answer.status_code == 422
    assert say("site.desk.other_words", site="asan") in unescape(answer.text)
    assert standing(member).approval is None


def test_limits_that_were_taken_out_since_are_not_signed(member):
    member.writes("[limits]", '"R3.events" = 20')
    desk = at_desk(member)
    assert "R3.events = 20" in desk.reads("/approve")
    form = typed(desk) | ticked(member)
    member.writes()
    answer = presses(desk, form)
    assert answer.status_code == 422
    assert say("site.desk.data.no_own_limits") in answer.text
    assert standing(member).approval is None
    member.writes("[limits]", '"R3.events" = 20')
    assert presses(desk, form).status_code == 200
    assert {limit: int(value) for limit, value in standing(member).approval.policy.items()} == {"R3.events": 20}


def test_data_other_than_those_reviewed_are_shown_beside_them(member):
    desk = at_desk(member)
    assert say("site.desk.data.not_reviewed") in desk.reads("/approve")
    desk.reads("/review")
    page = desk.reads("/approve")
    assert say("site.desk.data.as_reviewed") in page
    assert cells(page)["eligible patients"] == ["60"]
    assert cells(page)["os: events"] == ["40"]
    member.exports(member.patients(200))
    page = desk.reads("/approve")
    assert say("site.desk.data.other") in page
    assert cells(page)["eligible patients"] == ["200", "60"]
    hashes = cells(page)["hash of the analysed values"]
    assert len(set(hashes)) == 2
    desk.reads("/review")
    assert cells(desk.reads("/approve"))["eligible patients"] == ["200"]
    assert presses(desk, typed(desk) | ticked(member)).status_code == 200


def cells(page):
    table = re.search(r'aria-labelledby="data">(.*?)</section>', page, re.DOTALL)[1]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall("<tr>(.*?)</tr>", table)]
    return {row[0]: row[1:] for row in rows}
