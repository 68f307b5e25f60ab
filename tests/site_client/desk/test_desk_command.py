"""`riskset site desk` as a program."""

import re
import socket
import sys
import webbrowser
from urllib.request import pathname2url

import httpx
from tests.started import started

from riskset_site.commands.desk import _browser_led_to


def test_the_command_prints_an_address_that_opens_the_desk(member):
    command = [
        sys.executable,
        "-u",
        "-m",
        "riskset",
        "site",
        "desk",
        str(member.site_file),
        "--no-browser",
        "--lang",
        "ko",
    ]
    with started(command, text=True, encoding="utf-8") as running:
        address = next(line.strip() for line in running.stdout if line.startswith("http"))
        base = address.rpartition("/start/")[0]
        with httpx.Client(follow_redirects=True, headers={"origin": re.match("http://[^/]*", base)[0]}) as browser:
            assert '<html lang="ko">' in browser.get(address).text
            page = browser.post(f"{base}/start", data={"secret": address.rpartition("/")[2]})
            assert page.status_code == 200
            assert "kurume" in page.text
    assert not (member.folder / "desk.html").exists()


def test_a_port_that_is_taken_is_named(member, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert member.says("desk", "--port", str(port), "--no-browser") == 1
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_the_browser_is_led_by_a_file_that_goes_with_the_desk(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(webbrowser, "open", asked.append)
    file = tmp_path / "desk.html"
    with _browser_led_to("http://127.0.0.1:1/a/start/<secret>", file):
        assert "url=http://127.0.0.1:1/a/start/&lt;secret&gt;" in file.read_text()
    assert not file.exists()
    assert all("secret" not in one for one in asked)
    assert all(one.endswith(pathname2url(str(file))) for one in asked)
