"""A coordinator that ships code: a bundle whose `pandas/` is its own. Flower's SuperNode would install and run it; our
end of the link never asks for a bundle, whatever the run of a message says."""

import hashlib
import subprocess
import sys
from io import BytesIO
from zipfile import ZipFile, ZipInfo

import httpx
import pytest
from flwr.app import ConfigRecord, RecordDict
from flwr.app.message import make_message, remove_content_from_message
from flwr.app.metadata import Metadata
from flwr.common.serde import message_to_proto
from flwr.proto.fab_pb2 import Fab, GetFabResponse
from flwr.proto.fleet_pb2 import ActivateNodeResponse, PullMessagesResponse
from flwr.proto.message_pb2 import ConfirmMessageReceivedResponse, PullObjectRequest, PullObjectResponse
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, get_object_tree

from riskset.engine.wire import FIELD, MESSAGE_TYPE, RECORD
from riskset.secure.node_key import new_node_key
from riskset_server.joining.certificates import make_authority
from riskset_site.link import FleetLink

SETTINGS = b"""
[project]
name = "riskset"
version = "1.0.0"
license = "Apache-2.0"
[tool.flwr.app]
publisher = "riskset"
[tool.flwr.app.components]
serverapp = "none:none"
clientapp = "client:app"
"""
FILES = {
    "pyproject.toml": SETTINGS,
    "client.py": b"import pandas\nfrom flwr.clientapp import ClientApp\napp = ClientApp()\n",
    "pandas/__init__.py": b"print('the coordinator runs code here')\n",
}
INSTALLS_AND_RUNS = """
import sys
from pathlib import Path
from flwr.cli.install import install_from_fab
from flwr.supercore.object_ref import load_app
here = install_from_fab(sys.stdin.buffer.read(), Path(sys.argv[1]), skip_prompt=True)
load_app("client:app", RuntimeError, here)
"""


def hostile_bundle():
    lines = [f"{name},{hashlib.sha256(text).hexdigest()},{8 * len(text)}" for name, text in FILES.items()]
    bundle = BytesIO()
    with ZipFile(bundle, "w") as file:
        for name, text in FILES.items():
            file.writestr(ZipInfo(name), text)
        file.writestr(ZipInfo(".info/CONTENT"), "\n".join(lines))
    return bundle.getvalue()


def test_flowers_own_site_would_run_it(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", INSTALLS_AND_RUNS, str(tmp_path)]
    ran = subprocess.run(command, input=hostile_bundle(), capture_output=True, timeout=600, check=False)
    assert b"the coordinator runs code here" in ran.stdout, ran.stderr.decode()


class HostileServer:
    """Answers as a SuperLink whose run has the hostile bundle, and records the requests."""

    def __init__(self, payload):
        metadata = Metadata(
            run_id=1,
            message_id="",
            src_node_id=1,
            dst_node_id=7,
            reply_to_message_id="",
            group_id="",
            created_at=1.0,
            ttl=60.0,
            message_type=MESSAGE_TYPE,
        )
        message = make_message(metadata, RecordDict({RECORD: ConfigRecord({FIELD: payload})}))
        message.metadata.__dict__["_message_id"] = message.object_id
        self.objects = get_all_nested_objects(message)
        head = message_to_proto(remove_content_from_message(message))
        tree = get_object_tree(message)
        self.message = PullMessagesResponse(messages_list=[head], message_object_trees=[tree])
        self.asked = []

    def __call__(self, request):
        path = request.url.path.rpartition("/")[2]
        self.asked.append(path)
        answer = {
            "activate-node": lambda: ActivateNodeResponse(node_id=7),
            "pull-messages": lambda: self.message,
            "pull-object": lambda: self.part(PullObjectRequest.FromString(request.content)),
            "confirm-message-received": ConfirmMessageReceivedResponse,
            "get-fab": lambda: GetFabResponse(fab=Fab(hash_str="x", content=hostile_bundle())),
        }.get(path)
        if answer is None:
            return httpx.Response(404)
        headers = {"content-type": "application/x-protobuf"}
        return httpx.Response(200, content=answer().SerializeToString(), headers=headers)

    def part(self, request):
        content = self.objects[request.object_id].deflate()
        return PullObjectResponse(object_found=True, object_available=True, object_content=content)


@pytest.fixture
def link():
    with FleetLink("localhost:1", make_authority("tests").certificate, new_node_key()) as link:
        yield link


def test_our_site_never_requests_the_bundle(link):
    """The honest message of the same run arrives nevertheless."""
    server = HostileServer(b"an envelope")
    link._client._client.close()
    link._client._client = httpx.Client(transport=httpx.MockTransport(server))
    assert link.receive().payload == b"an envelope"
    assert {"activate-node", "pull-messages", "pull-object", "confirm-message-received"} <= set(server.asked)
    assert not {"get-fab", "get-run"} & set(server.asked)
