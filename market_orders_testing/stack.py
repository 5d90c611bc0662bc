"""The files of the stack that the tests of a shop use: the template, functions and events."""

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import yaml

type Tree = dict[str, Any]


def _root() -> Path:
    """Return the folder of the files: inside of the installed package, or the source tree."""
    installed = Path(__file__).parent / "stack"
    return installed if installed.is_dir() else Path(__file__).parents[1]


ROOT = _root()


class _Loader(yaml.CSafeLoader):
    """A YAML loader that reads CloudFormation's short tags as `{tag: value}`."""


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> Tree:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {suffix: loader.construct_mapping(node, deep=True)}
    raise TypeError(f"a YAML node of a kind that has no values: {node}")


_Loader.add_multi_constructor("!", _tag)


def read_template(path: Path) -> Tree:
    """Return a template as plain data."""
    loader = _Loader(path.read_text(encoding="utf-8"))
    template: Tree = loader.get_data()
    return template


@cache
def resources() -> Tree:
    """Return the resources of the stack's template."""
    template: Tree = read_template(ROOT / "template.yaml")["Resources"]
    return template


def table_schema() -> Tree:
    """Return the parameters of CreateTable for the table of the stack, with its stream."""
    properties = resources()["OrdersTable"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    view = properties["StreamSpecification"]["StreamViewType"]
    return {
        **{name: properties[name] for name in names},
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": view},
    }


@cache
def functions_of_paths() -> Mapping[str, str]:
    """Return the folder of the function behind each path. It answers every method."""
    return {
        event["Properties"]["Path"]: resource["Properties"]["CodeUri"].strip("/").split("/")[-1]
        for resource in resources().values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }


def response_of_gateway(name: str) -> tuple[int, str]:
    """Return the status and the body of a response that API Gateway gives itself."""
    response = resources()["OrdersApi"]["Properties"]["GatewayResponses"][name]
    text, values = response["ResponseTemplates"]["application/json"]["Sub"]
    return int(response["StatusCode"]), Template(text).substitute(values)


def load_handler(function: str) -> Any:  # noqa: ANN401 - handlers of routes and of streams differ
    """Return a new handler of a function, as a cold start does."""
    path = ROOT / "functions" / function / "handler.py"
    spec = importlib.util.spec_from_file_location(f"market_orders_function_{function}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.lambda_handler
