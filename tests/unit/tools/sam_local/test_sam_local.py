"""`make sam-local` calls the SAM CLI for this machine's processor and its running stack."""

import json
import platform
from pathlib import Path

import pytest

from tools.local_stack.settings import PROJECT
from tools.sam_local.command import EVENTS, SamLocal, function_of, port_of_running_stack
from tools.sam_local.errors import SamLocalError

BRIDGE = "172.17.0.1"
PROCESSORS = [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("arm64", "arm64"), ("aarch64", "arm64")]


def sam_local(state: Path, bridge: str | None = None) -> SamLocal:
    return SamLocal(Path("sam"), state, 4600, bridge)


@pytest.mark.parametrize(("machine", "architecture"), PROCESSORS)
def test_the_build_and_the_image_are_for_the_processor_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, architecture: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    local = sam_local(tmp_path)
    assert local.architecture == architecture
    event = EVENTS / "issue_token" / "form.json"
    for command in (local.build(), local.invoke(event), local.start_api(3000)):
        position = command.index("--parameter-overrides")
        assert command[position + 1] == f"Architecture={architecture}"


def test_a_sample_is_sent_to_the_function_of_its_folder(tmp_path: Path) -> None:
    event = EVENTS / "update_external_id" / "api_key.json"
    command = sam_local(tmp_path).invoke(event)
    assert command[:6] == [
        *("sam", "local", "invoke", "UpdateExternalIdFunction", "--event", str(event)),
    ]
    built = tmp_path / "sam-local" / "build" / "template.yaml"
    assert command[command.index("--template-file") + 1] == str(built)
    build = sam_local(tmp_path).build()
    assert build[build.index("--build-dir") + 1] == str(built.parent)


@pytest.mark.parametrize(
    "event",
    [
        EVENTS / "schemas" / "OrderCreated.json",
        EVENTS / "local-env.json",
        EVENTS / "import_orders" / "missing.json",
        EVENTS / "import_orders",
        PROJECT / "package.json",
    ],
)
def test_a_file_that_is_no_sample_is_rejected(event: Path) -> None:
    with pytest.raises(SamLocalError, match="EVENT must be a file in a folder of events/"):
        function_of(event)


def test_the_variables_lead_to_the_port_of_the_running_stack(tmp_path: Path) -> None:
    local = sam_local(tmp_path)
    local.write_variables()
    command = local.start_api(3000)
    file = Path(command[command.index("--env-vars") + 1])
    variables = json.loads(file.read_text())["Parameters"]
    assert variables["AWS_ENDPOINT_URL"] == "http://host.docker.internal:4600"
    assert variables["PARKED_TRIGGERS_QUEUE_URL"].startswith("http://host.docker.internal:4600/")


@pytest.mark.parametrize(
    ("bridge", "hosts"), [(None, []), (BRIDGE, ["--add-host", f"host.docker.internal:{BRIDGE}"])]
)
def test_a_container_knows_this_machine(
    tmp_path: Path, bridge: str | None, hosts: list[str]
) -> None:
    command = sam_local(tmp_path, bridge).start_api(3000)
    position = command.index("--add-host") if hosts else len(command)
    assert command[position : position + 2] == hosts


def test_the_port_is_that_of_the_running_stack(tmp_path: Path) -> None:
    with pytest.raises(SamLocalError, match="start `make run` in another terminal"):
        port_of_running_stack(tmp_path)
    (tmp_path / "endpoint.json").write_text('{"aws_endpoint": "http://127.0.0.1:4600"}')
    assert port_of_running_stack(tmp_path) == 4600
