"""Builds `template.yaml` with the SAM CLI and deploys it to the embedded AWS."""

import json
import platform
import time
from dataclasses import dataclass

from tools.local_stack.api_definition import (
    archive_triggers,
    complete_api,
    convert_state_machines,
    leave_out_unsupported_resources,
    name_bucket,
    spell_media_types,
)
from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.children import Children
from tools.local_stack.environment import sam_environment
from tools.local_stack.settings import PROJECT, REGION, STACK_NAME, StackSettings

ARTIFACTS_BUCKET = "artifacts"
# The embedded AWS takes the id of a REST API from this tag, and generates a random id without it.
# The id is part of the base URL: a fixed id keeps the base URL of a port the same at each start.
API_ID_TAG = f"ms-custom-id={STACK_NAME}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """The resources of a deployed stack that its users need."""

    base_url: str
    table_name: str
    event_bus_name: str


def build(settings: StackSettings, children: Children) -> None:
    """Build the functions and layers for the processor of this machine."""
    _write_sam_files(settings)
    command = [
        *_sam(settings, "build"),
        *("--template-file", str(PROJECT / "template.yaml")),
        *("--build-dir", str(settings.build)),
        *("--cached", "--cache-dir", str(settings.build_cache)),
        *_parameters(),
    ]
    children.run("sam build", command, sam_environment(settings))
    template = settings.build / "template.yaml"
    leave_out_unsupported_resources(template)
    convert_state_machines(template)
    name_bucket(template)
    spell_media_types(template)


def deploy(settings: StackSettings, children: Children, aws: EmbeddedAws) -> Deployment:
    """Deploy the result of `build` to the embedded AWS."""
    aws.client("s3").create_bucket(Bucket=ARTIFACTS_BUCKET)
    command = [
        *_sam(settings, "deploy"),
        *("--template-file", str(settings.build / "template.yaml")),
        *("--stack-name", STACK_NAME, "--region", REGION, "--tags", API_ID_TAG),
        *("--s3-bucket", ARTIFACTS_BUCKET, "--no-progressbar"),
        *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
        *_parameters(),
    ]
    children.run("sam deploy", command, sam_environment(settings))
    outputs = _outputs(aws)
    api_id, stage = outputs["ApiId"], outputs["ApiStage"]
    complete_api(aws, api_id, stage)
    archive_triggers(aws.client("events"), outputs["EventBusName"])
    return Deployment(
        base_url=f"{settings.aws_endpoint}/_aws/execute-api/{api_id}/{stage}",
        table_name=outputs["TableName"],
        event_bus_name=outputs["EventBusName"],
    )


def _sam(settings: StackSettings, verb: str) -> list[str]:
    return [str(settings.sam_program), verb, "--config-file", str(_sam_config(settings))]


def _sam_config(settings: StackSettings) -> str:
    return str(settings.scratch / "samconfig.toml")


def _write_sam_files(settings: StackSettings) -> None:
    """Make the SAM CLI ignore the developer's deployment settings, and not check for updates."""
    (settings.scratch / "samconfig.toml").write_text("version = 0.1\n")
    folder = settings.scratch / "sam"
    folder.mkdir(exist_ok=True)
    (folder / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))


def _parameters() -> list[str]:
    architecture = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
    return [
        "--parameter-overrides",
        f"Architecture={architecture}",
        "DeletionProtection=false",
        "ApiGatewayLogRole=existing",
        # The firewall would protect nothing here.
        "FirewallTokenRequestsPerAddress=0",
    ]


def _outputs(aws: EmbeddedAws) -> dict[str, str]:
    stacks = aws.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
