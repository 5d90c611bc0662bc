"""Takes a table that outlived its stack into a new stack."""

import json
from pathlib import Path
from typing import Any, Protocol

import yaml

from tools.deployment.answers import Answers
from tools.deployment.errors import DeploymentError

TABLE = "OrdersTable"


class Importer(Protocol):
    """Creates stacks from resources that exist."""

    def import_resources(
        self, stack_name: str, template: str, resources: list[dict[str, Any]]
    ) -> None:
        """Create a stack from resources that exist already, and wait until it is complete."""


def import_table(project: Path, answers: Answers, account: Importer) -> None:
    """Create the stack with only its table. The next deployment adds everything else."""
    account.import_resources(
        answers.stack_name,
        json.dumps(table_template(project / "template.yaml")),
        [
            {
                "ResourceType": "AWS::DynamoDB::Table",
                "LogicalResourceId": TABLE,
                "ResourceIdentifier": {"TableName": f"{answers.stack_name}-orders"},
            }
        ],
    )


def table_template(template: Path) -> dict[str, Any]:
    """Return the part of the stack's template that the table needs."""
    whole = yaml.load(template.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader
    try:
        return {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"DeletionProtection": whole["Parameters"]["DeletionProtection"]},
            "Conditions": {"IsProtected": whole["Conditions"]["IsProtected"]},
            "Resources": {TABLE: whole["Resources"][TABLE]},
        }
    except KeyError as error:
        raise DeploymentError(f"template.yaml must have {error}.") from error


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as the long form."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: node.value}


_Loader.add_multi_constructor("!", _long_form)
