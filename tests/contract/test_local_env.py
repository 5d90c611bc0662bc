"""The variables for `sam local` match the stack that `make run` deploys."""

import json
from pathlib import Path

from tests.support.template_tables import load_template
from tools.local_stack.settings import DEFAULT_PORT, STACK_NAME

ENV_FILE = Path(__file__).parents[2] / "events" / "local-env.json"
VARIABLES = json.loads(ENV_FILE.read_text())["Parameters"]


def test_the_template_declares_every_variable_for_sam_local() -> None:
    declared = load_template()["Globals"]["Function"]["Environment"]["Variables"]
    assert set(VARIABLES) <= set(declared)


def test_containers_use_the_embedded_aws() -> None:
    assert VARIABLES["AWS_ENDPOINT_URL"] == f"http://host.docker.internal:{DEFAULT_PORT}"
    assert VARIABLES["TABLE_NAME"] == f"{STACK_NAME}-orders"
    assert VARIABLES["EVENT_BUS_NAME"] == f"{STACK_NAME}-triggers"
