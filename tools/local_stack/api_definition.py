"""What the embedded AWS misses or misreads in the template."""

from pathlib import Path
from string import Template
from typing import Any

import yaml

from tools.local_stack.settings import PROJECT


class _TemplateLoader(yaml.SafeLoader):
    """Reads a template and takes the argument of an intrinsic function for its value."""


def _argument(loader: _TemplateLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_TemplateLoader.add_multi_constructor("!", _argument)


def complete_api(apigateway: Any, api_id: str, stage: str) -> None:  # noqa: ANN401
    """Set the template's gateway responses on the deployed API, and deploy its stage again."""
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
                # The arguments of `!Sub`, whose spelling of variables is that of Template.
                media_type: Template(body).substitute(values)
                for media_type, (body, values) in response["ResponseTemplates"].items()
            },
        )
    apigateway.create_deployment(restApiId=api_id, stageName=stage)


def spell_media_types(template: Path) -> None:
    """Write the built template's media types with the slash that CloudFormation wants as `~1`.

    The embedded AWS takes them literally; without this it would hand bodies over as text, and
    gzip and other encodings would not survive it.
    """
    template.write_text(template.read_text().replace("*~1*", "*/*"))


# Kinds of resources that it does not know and would refuse the whole template for.
UNKNOWN_TYPES = frozenset({"AWS::Events::Archive", "AWS::Events::EventBusPolicy"})


def leave_out_unknown_resources(template: Path) -> None:
    """Take out of the built template what the embedded AWS has no counterpart for.

    Nothing else of the template may refer to them. Gradual deployment goes too, since CodeDeploy
    would be its resource; the alias that it moves stays.
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
        if resource["Type"] not in UNKNOWN_TYPES
    }
    template.write_text(yaml.safe_dump(tree, sort_keys=False, width=10_000))


def _gateway_responses() -> dict[str, Any]:
    source = (PROJECT / "template.yaml").read_text()
    template = yaml.load(source, Loader=_TemplateLoader)  # noqa: S506  # a SafeLoader
    responses: dict[str, Any] = template["Resources"]["OrdersApi"]["Properties"]["GatewayResponses"]
    return responses
