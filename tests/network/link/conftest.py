"""A stage of real processes over TLS on free loopback ports; each is ended by its own id.

No test here measures how long something took. What must not wait for a limit is tested with the limit `HOLD_S`, far
beyond `PATIENCE_S`, after which a test fails: no machine is slow enough to confuse the two.
"""

import os
import selectors
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.own_ports import own_ports

from riskset.secure.node_key import load_node_key, new_node_key, save_node_key
from riskset_server.engine.engine import Engine
from riskset_server.engine.recording import read_recording
from riskset_server.engine.superlink import FLEET_PULL
from riskset_server.joining.certificates import issue_server_certificate, make_authority
from riskset_server.link import SuperLinkClient

HERE = Path(__file__).parent
TOKEN = "the token of the tests"
PATIENCE_S = 120.0
HOLD_S = 3600.0


class Program:
    """A child process that prints what it does, one line at a time."""

    def __init__(self, *arguments):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, *map(str, arguments)]
        # unbuffered: `select` does not see a line in a buffer
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, env=environment)
        self.lines = []

    def hears(self, word, within_s=PATIENCE_S):
        """Returns the next line that contains `word`; fails after `within_s`."""
        until = time.monotonic() + within_s
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            while waiting.select(max(0.0, until - time.monotonic())):
                line = self.process.stdout.readline().decode().strip()
                if not line:
                    break
                self.lines.append(line)
                if word in line:
                    return line
        raise AssertionError(f"did not print {word!r}; printed {self.lines}")

    def stop(self):
        """Ends it as an administrator does; returns its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.kill()

    def kill(self):
        """Ends it as a power cut does."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Stage:
    """One SuperLink, some sites, and the engine that drives them."""

    def __init__(self, folder):
        self.folder = folder
        authority = make_authority("tests")
        server = issue_server_certificate(authority, ["superlink.test", "127.0.0.1"])
        self.ca = authority.certificate
        for name, content in (("ca.pem", self.ca), ("server.pem", server.certificate), ("server.key", server.key)):
            (folder / name).write_bytes(content)
        self.programs = []
        self.engines = []
        self.ports = own_ports(2)

    @property
    def address(self):
        return f"127.0.0.1:{self.ports[0]}"

    def superlink(self, database=None):
        """Starts it, on the same ports as before."""
        program = self._run("serve_superlink.py", self.folder, *self.ports, *([database] if database else []))
        assert program.hears(" ") == "{} {}".format(*self.ports)
        return program

    def key(self, name):
        path = self.folder / f"{name}.key"
        if not path.exists():
            save_node_key(path, new_node_key())
        return load_node_key(path)

    def site(self, name, lease_s=20.0):
        """Starts one; its requests for messages are held for `HOLD_S` while there are none."""
        self.key(name)
        files = self.folder / "ca.pem", self.folder / f"{name}.key"
        return self._run("serve_echo.py", self.address, *files, lease_s, HOLD_S)

    def held(self):
        """Returns how many requests for messages are being held."""
        passed = [one for one in read_recording(self.folder / "recording") if one.path == FLEET_PULL]
        return sum(1 if one.is_request else -1 for one in passed)

    def questions(self):
        """Returns how many requests for messages there were, and how many of their answers were empty."""
        passed = [one for one in read_recording(self.folder / "recording") if one.path == FLEET_PULL]
        asked = sum(one.is_request for one in passed)
        return asked, sum(not one.is_request and not one.body for one in passed)

    def engine(self, *names):
        engine = Engine(SuperLinkClient(f"127.0.0.1:{self.ports[1]}", self.ca, TOKEN, PATIENCE_S))
        self.engines.append(engine)
        for name in names:
            engine.register(name, self.key(name).public_key())
        return engine

    def close(self):
        for engine in self.engines:
            engine.close()
        for program in reversed(self.programs):
            program.kill()

    def _run(self, script, *arguments):
        program = Program(HERE / script, *arguments)
        self.programs.append(program)
        return program


def wait_until(is_so):
    """Returns once `is_so()` is true; fails after `PATIENCE_S`."""
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, f"not true after {PATIENCE_S} s"
        time.sleep(0.05)


@pytest.fixture(scope="session", name="wait_until")
def _wait_until():
    return wait_until


@pytest.fixture(scope="session")
def patience_s():
    """After so long, a test stops waiting and fails."""
    return PATIENCE_S


@pytest.fixture
def stage(tmp_path):
    """A stage for one test, with nothing running yet."""
    with closing(Stage(tmp_path)) as stage:
        yield stage


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """A stage shared by all tests here: a SuperLink with its state in memory, and two sites that echo."""
    with closing(Stage(tmp_path_factory.mktemp("running"))) as stage:
        stage.began = time.time()
        stage.superlink()
        stage.main = stage.engine("a", "b")
        for name in ("a", "b"):
            stage.site(name).hears("online")
        stage.main.start()
        yield stage
