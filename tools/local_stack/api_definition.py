"""Adapts the template to what the embedded AWS supports."""

import json
from pathlib import Path
from string import Template
from typing import Any

import yaml

from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.settings import PROJECT, REGION, STACK_NAME

# The alias of every function (AutoPublishAlias), and the URI of its invocations.
ALIAS = "live"
_INVOCATIONS = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{{}}/invocations"


class _TemplateLoader(yaml.SafeLoader):
    """Reads a template; the value of an intrinsic function is its argument."""


def _argument(loader: _TemplateLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_TemplateLoader.add_multi_constructor("!", _argument)


def complete_api(aws: EmbeddedAws, api_id: str, stage: str) -> None:
    """Add what the embedded AWS ignores in `template.yaml` to the API, and deploy its stage again.

    It ignores the gateway responses, and the method `any` of events.
    """
    _add_routes(aws, api_id)
    apigateway = aws.client("apigateway")
    for response_type, response in _gateway_responses().items():
        headers = response.get("ResponseParameters", {}).get("Headers", {})
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=response_type,
            statusCode=str(response["StatusCode"]),
            responseParameters={
                f"gatewayresponse.header.{name}": value for name, value in headers.items()
            },
            responseTemplates={
                # `!Sub` and `string.Template` write variables in the same way.
                media_type: Template(body).substitute(values)
                for media_type, (body, values) in response["ResponseTemplates"].items()
            },
        )
    apigateway.create_deployment(restApiId=api_id, stageName=stage)


def archive_triggers(events: Any, bus: str) -> None:  # noqa: ANN401
    """Create the archive of `template.yaml`, which the embedded AWS supports only by this call.

    The archive has the name of the bus, as in the template.
    """
    archive = _resources()["TriggersArchive"]["Properties"]
    events.create_archive(
        ArchiveName=bus,
        EventSourceArn=events.describe_event_bus(Name=bus)["Arn"],
        Description=archive["Description"],
    )


def spell_media_types(template: Path) -> None:
    """Replace `~1` by a slash in the binary media types of the built template.

    CloudFormation requires `~1`, and the embedded AWS does not decode it. Without this step the
    functions would receive every body as text, and gzip bodies would be damaged.
    """
    template.write_text(template.read_text().replace("*~1*", "*/*"))


def convert_state_machines(template: Path) -> None:
    """Replace the definitions of state machines in the built template by the same in JSON.

    CloudFormation reads YAML, and the embedded AWS does not. A placeholder of a number becomes
    text, which the embedded AWS reads as a number.
    """
    tree = json.loads(template.read_text())
    for name, resource in tree["Resources"].items():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            properties = resource["Properties"]
            source = template.parent / properties["DefinitionUri"]
            definition = yaml.safe_load(source.read_text())
            converted = template.parent / f"{name}.asl.json"
            converted.write_text(json.dumps(definition, indent=2))
            properties["DefinitionUri"] = converted.name
    template.write_text(json.dumps(tree))


def name_bucket(template: Path) -> None:
    """Name the bucket of the built template after its stack, so that each start has the same name.

    CloudFormation generates a name.
    """
    tree = json.loads(template.read_text())
    bucket = tree["Resources"]["ImportFilesBucket"]["Properties"]
    bucket["BucketName"] = {"Fn::Sub": "${AWS::StackName}-import-files"}
    template.write_text(json.dumps(tree))


# The embedded AWS rejects a template that has resources of these types; `archive_triggers` creates
# the archive.
UNSUPPORTED_TYPES = frozenset({"AWS::Events::Archive", "AWS::Events::EventBusPolicy"})


def leave_out_unsupported_resources(template: Path) -> None:
    """Remove from the built template what the embedded AWS does not support.

    No other resource of the template may refer to a removed one. Gradual deployment is removed too,
    because it needs CodeDeploy; the alias `live` stays. The result is JSON, because the SAM CLI
    needs seconds to read the same in YAML.
    """
    tree = yaml.safe_load(template.read_text())
    for properties in (
        tree["Globals"]["Function"],
        *(resource["Properties"] for resource in tree["Resources"].values()),
    ):
        properties.pop("DeploymentPreference", None)
    resources = tree["Resources"]
    tree["Resources"] = {
        name: resource
        for name, resource in resources.items()
        if resource["Type"] not in UNSUPPORTED_TYPES
    }
    template.write_text(json.dumps(tree))


def _add_routes(aws: EmbeddedAws, api_id: str) -> None:
    """Add the method ANY to each path that has an event for it, with the path's function."""
    apigateway, awslambda = aws.client("apigateway"), aws.client("lambda")
    functions = {
        event["Properties"]["Path"]: resource["Properties"]["FunctionName"]
        for resource in _resources().values()
        for event in resource["Properties"].get("Events", {}).values()
        if event["Properties"].get("Method") == "any"
    }
    aliases = {
        name: awslambda.get_alias(
            FunctionName=name.replace("${AWS::StackName}", STACK_NAME), Name=ALIAS
        )["AliasArn"]
        for name in set(functions.values())
    }
    for page in apigateway.get_paginator("get_resources").paginate(restApiId=api_id):
        for resource in page["items"]:
            if resource["path"] in functions:
                place = {"restApiId": api_id, "resourceId": resource["id"], "httpMethod": "ANY"}
                apigateway.put_method(**place, authorizationType="NONE")
                apigateway.put_integration(
                    **place,
                    type="AWS_PROXY",
                    integrationHttpMethod="POST",
                    uri=_INVOCATIONS.format(aliases[functions[resource["path"]]]),
                )


def _gateway_responses() -> dict[str, Any]:
    responses: dict[str, Any] = _resources()["OrdersApi"]["Properties"]["GatewayResponses"]
    return responses


def _resources() -> dict[str, Any]:
    source = (PROJECT / "template.yaml").read_text()
    template = yaml.load(source, Loader=_TemplateLoader)  # noqa: S506  # a SafeLoader
    resources: dict[str, Any] = template["Resources"]
    return resources
