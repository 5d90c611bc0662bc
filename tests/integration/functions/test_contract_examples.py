"""The handlers return the recorded answers to the examples of the description.

Run with `RECORD_ANSWERS=1` to record the answers again. Review the difference before a commit.
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.demo import SETTINGS_FILE
from orders.domain.clients import Role
from tests.support.contract_schemas import DESCRIPTION
from tests.support.functions import Tenant, count_order_ids, deployed
from tests.support.routes import functions_of_routes
from tools.api_contract.files import written
from tools.api_contract.operations import JSON
from tools.api_contract.story import ANSWERS, JOB_ID, STORY, Example, Recorded, recorded_answers

type Tree = dict[str, Any]

SECRET = "the-client-s-secret"
CLIENT = "demo-shop"
# Values that differ at every run, and their form in the recorded answers.
VOLATILE = {
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{4,6})Z": "2026-01-23T15:04:05.141592Z",
    r'(?<="request_id":)"[0-9a-f]{32}"': '"019bd8e2f1a07cc298f3a1b2c3d4e5f6"',
    r'(?<="next":)"1\.[^"]+"': '"1.Y3Vyc29y"',
    r'(?<="next_from_id":)"1\.[^"]+"': '"1.Y3Vyc29y"',
    r"(?<=<next_from_id>)1\.[^<]+": "1.Y3Vyc29y",
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z": "2026-01-23T15:04:05.141Z",
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+03:00": "2026-01-23T18:04:05+03:00",
    r"\d{2}-\d{2}-\d{4} \d{2}:\d{2}:\d{2}": "23-01-2026 18:04:05",
    r'"access_token": *"[^"]+"': '"access_token": "an-access-token"',
    r'(?<="url":)"http[^"]+"': f'"https://files.example.com/demo/{JOB_ID}/file?X-Amz-Signature=…"',
    # The id of the job of the story, also in messages.
    r'(?<="job_id":")[0-9a-f]{32}|(?<=job )(?!0{32})[0-9a-f]{32}': JOB_ID,
}


ROUTES = {
    operation["operationId"]: (method, path)
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
}


def _credentials(kind: str, token: str) -> Tree:
    basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    return {
        "none": {},
        "bearer": {"Authorization": f"Bearer {SECRET}"},
        "api-key": {"Api-Key": SECRET},
        "basic": {"Authorization": f"Basic {basic}"},
        "oauth": {"Authorization": f"Bearer {token}"},
    }[kind]


def event_of(example: Example, token: str, job_id: str) -> Tree:
    """Return the API Gateway event of an example. The import job of the story has an id."""
    method, path = ROUTES[example.operation]
    body = None if example.body is None else example.body
    has_text = example.media != JSON or body is None
    return {
        "resource": path.replace("{ref}", "{ref+}"),
        "path": path,
        "httpMethod": method.upper(),
        "headers": {
            "Content-Type": example.media,
            **_credentials(example.credentials, token),
            **example.headers,
        },
        "pathParameters": {
            name: quote(job_id if value == JOB_ID else value, safe="=")
            for name, value in example.path.items()
        },
        "queryStringParameters": dict(example.query) or None,
        "multiValueQueryStringParameters": {name: [each] for name, each in example.query.items()},
        "requestContext": {"requestId": "request", "path": path},
        "body": body if has_text else json.dumps(body),
        "isBase64Encoded": False,
    }


def read_answer(raw: Mapping[str, Any]) -> Recorded:
    """Return an answer in which values that differ at every run have their recorded form."""
    media = raw["headers"]["Content-Type"].partition(";")[0]
    text = raw["body"]
    for pattern, recorded in VOLATILE.items():
        text = re.sub(pattern, recorded, text)
    return Recorded(raw["statusCode"], media, json.loads(text) if "json" in media else text)


@dataclass(frozen=True)
class Replay:
    """The answers to all examples by their keys."""

    answers: dict[str, Recorded]


@pytest.fixture(scope="module")
def replay(dynamodb: DynamoDBClient) -> Replay:
    settings = yaml.safe_load(SETTINGS_FILE.read_text(encoding="utf-8"))
    tenants = (Tenant("demo", SECRET, (Role.ADMIN,), CLIENT),)
    functions = functions_of_routes()
    answers = {}
    token = job_id = ""
    with ExitStack() as running:
        patch = running.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        get = running.enter_context(deployed(dynamodb, patch, settings, tenants))
        count_order_ids(patch)
        for example in STORY:
            method, path = ROUTES[example.operation]
            function = get(functions[method.upper(), path.replace("{ref}", "{ref+}")])
            raw = function.invoke(event_of(example, token, job_id))
            if example.key == "issueToken/all_scopes":
                token = json.loads(raw["body"])["access_token"]
            if example.key == "createImportJob/created":
                job_id = json.loads(raw["body"])["job_id"]
            answers[example.key] = read_answer(raw)
    if os.environ.get("RECORD_ANSWERS"):
        recorded = {key: asdict(answer) for key, answer in answers.items()}
        ANSWERS.write_text(written(recorded), encoding="utf-8")
    return Replay(answers)


def test_every_answer_of_the_story_is_recorded() -> None:
    assert set(recorded_answers()) == {example.key for example in STORY}


@pytest.mark.parametrize("example", STORY, ids=lambda example: example.key)
def test_the_handlers_return_the_recorded_answers(replay: Replay, example: Example) -> None:
    assert replay.answers[example.key] == recorded_answers()[example.key]
