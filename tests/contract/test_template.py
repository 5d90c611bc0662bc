"""Rules of AWS that the emulators do not enforce."""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from string import Template
from typing import Any

import pytest
import yaml

from orders.adapters.table_keys import CHANGE_INDEX
from orders.domain.relaying import WriterLifetime
from tests.support.aws_actions import role_of
from tests.support.aws_actions import statements_of as statements
from tests.support.template_tables import TEMPLATE as TEMPLATE_FILE
from tests.support.template_tables import load_template
from tools.deployment.answers import LONGEST_STACK_NAME

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE = load_template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]

type Resource = dict[str, Any]

# A part of a path is literal, `{name}`, or the greedy `{name+}`.
PATH_PART = re.compile(r"[A-Za-z0-9._:-]+|\{[A-Za-z0-9._:-]+\+?\}")
# Literal first parts of paths, which cannot be project keys.
LITERAL_ROOTS = {
    *("api", "campaigns", "campaigns.json", "v1", "v2", "oauth", "docs", "console", "hub"),
    "openapi.json",
}

GATEWAY_STATUSES = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 404,
    "DEFAULT_5XX": 502,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 502,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 404,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}

# The dimensions with which AWS records the metrics of a service.
DIMENSIONS = {
    "AWS/Lambda": {"FunctionName"},
    "AWS/ApiGateway": {"ApiName", "Stage"},
    "AWS/DynamoDB": {"TableName"},
    "AWS/SQS": {"QueueName"},
    "AWS/States": {"StateMachineArn"},
}

# The metrics that AWS documents for these dimensions. An alarm on another metric never fires.
METRICS = {
    "AWS/Lambda": {
        *("ConcurrentExecutions", "Duration", "Errors", "Invocations"),
        *("IteratorAge", "PostRuntimeExtensionsDuration", "Throttles"),
    },
    "AWS/ApiGateway": {
        *("4XXError", "5XXError", "CacheHitCount", "CacheMissCount"),
        *("Count", "IntegrationLatency", "Latency"),
    },
    "AWS/DynamoDB": {
        *("ConditionalCheckFailedRequests", "ConsumedReadCapacityUnits"),
        *("ConsumedWriteCapacityUnits", "ReadThrottleEvents", "TimeToLiveDeletedItemCount"),
        *("TransactionConflict", "WriteThrottleEvents"),
    },
    "AWS/SQS": {
        *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesDelayed"),
        *("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesVisible"),
        *("NumberOfEmptyReceives", "NumberOfMessagesDeleted", "NumberOfMessagesReceived"),
        *("NumberOfMessagesSent", "SentMessageSize"),
    },
    "AWS/States": {
        *("ExecutionThrottled", "ExecutionTime", "ExecutionsAborted", "ExecutionsFailed"),
        *("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsTimedOut"),
    },
}


def of_type(resource_type: str) -> dict[str, Resource]:
    return {
        name: resource["Properties"]
        for name, resource in RESOURCES.items()
        if resource["Type"] == resource_type
    }


FUNCTIONS = of_type("AWS::Serverless::Function")
# The functions on the table's stream, each with its queue of what it cannot process.
ON_THE_STREAM = {
    "RelayTriggersFunction": "ParkedTriggersQueue",
    "RecordHistoryFunction": "ParkedRecordsQueue",
}
# The functions of the state machine that write no orders, and may work on one file of 5 GB.
ON_WHOLE_FILES = {"SplitImportFileFunction", "FinishImportJobFunction"}
ALARMS = of_type("AWS::CloudWatch::Alarm")


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def routes() -> list[tuple[str, str]]:
    return [
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for properties in FUNCTIONS.values()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "Api"
    ]


def children_of_parts(paths: list[str]) -> dict[tuple[str, ...], set[str]]:
    children = defaultdict(set)
    for path in paths:
        parts = tuple(path.removeprefix("/").split("/"))
        for depth, part in enumerate(parts):
            children[parts[:depth]].add(part)
    return children


def variable_siblings(paths: list[str]) -> list[set[str]]:
    variables = (
        {part for part in parts if part.startswith("{")}
        for parts in children_of_parts(paths).values()
    )
    return [siblings for siblings in variables if len(siblings) > 1]


def illegal_parts(path: str) -> list[str]:
    parts = path.removeprefix("/").split("/")
    unspellable = [part for part in parts if not PATH_PART.fullmatch(part)]
    followed_greedy = [part for part, _next in pairwise(parts) if part.endswith("+}")]
    return unspellable + followed_greedy


def test_the_path_rules_find_paths_that_aws_rejects() -> None:
    assert variable_siblings(["/{projectKey}/orders/{ref+}", "/{key}/orders"])
    assert variable_siblings(["/a/{x}", "/a/{y+}"])
    assert not variable_siblings(["/{projectKey}/orders/{ref+}", "/{projectKey}/orders/import"])
    assert illegal_parts("/orders/number={n}")
    assert illegal_parts("/orders/{id}.json")
    assert illegal_parts("/orders/{id+}/more")
    assert illegal_parts("/orders//more")
    assert not illegal_parts("/api/v1.1/orders/external-id.json")


def test_one_function_answers_all_methods_of_a_path() -> None:
    """A function rejects the methods that a path does not have, in the path's protocol.

    API Gateway would answer them as an unknown path. Each route takes room in the policy of its
    function, so only a method with a setting of its own is a route.
    """
    settings = RESOURCES["OrdersApi"]["Properties"]["MethodSettings"]
    of_their_own = {
        (each["HttpMethod"].lower(), each["ResourcePath"].replace("~1", "/").removeprefix("/"))
        for each in settings
    }
    paths = {path for _method, path in routes()}
    assert set(routes()) - {("any", path) for path in paths} == of_their_own - {("*", "*")}
    assert len(routes()) == len(paths) + len(of_their_own) - 1


def test_a_path_level_has_at_most_one_variable() -> None:
    assert not variable_siblings([path for _method, path in routes()])


def test_paths_have_valid_parts() -> None:
    assert not [part for _method, path in routes() for part in illegal_parts(path)]


def test_literal_first_parts_are_reserved_project_keys() -> None:
    roots = {path.split("/")[1] for _method, path in routes()}
    assert {root for root in roots if not root.startswith("{")} <= LITERAL_ROOTS


def test_every_api_event_names_the_api() -> None:
    for properties in FUNCTIONS.values():
        for event in properties.get("Events", {}).values():
            if event["Type"] == "Api":
                assert event["Properties"]["RestApiId"] == {"Ref": "OrdersApi"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_functions_on_the_stream_read_it(function: str) -> None:
    named = {
        action for statement in statements(function) for action in as_list(statement["Action"])
    }
    reading = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
    assert (reading <= named) is (function in ON_THE_STREAM)
    assert not any("*" in action for action in named)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_log_group_with_a_retention_time(function: str) -> None:
    [group] = [
        properties
        for properties in of_type("AWS::Logs::LogGroup").values()
        if properties["LogGroupName"] == {"Sub": f"/aws/lambda/${{{function}}}"}
    ]
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_write_only_to_its_own_log_group(function: str) -> None:
    name = FUNCTIONS[function]["FunctionName"]["Sub"]
    [tag] = role_of(function)["Tags"]
    assert tag["Key"] == "function"
    [logging] = [each for each in statements(function) if each["Sid"] == "WriteLogs"]
    resource = logging["Resource"]["Sub"].replace("${!aws:PrincipalTag/function}", tag["Value"])
    assert resource.endswith(f":log-group:/aws/lambda/{name}:*")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_alarms_of_a_function_roll_back_its_new_code(function: str) -> None:
    shared = TEMPLATE["Globals"]["Function"]
    assert shared["AutoPublishAlias"] == "live"
    assert shared["DeploymentPreference"] == {
        "Enabled": {"Ref": "RollbackOnAlarm"},
        "Type": {"Ref": "Rollout"},
    }
    assert TEMPLATE["Parameters"]["RollbackOnAlarm"]["Default"] == "true"
    [service] = [FUNCTIONS[function]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]]
    own = {
        name
        for name, alarm in ALARMS.items()
        if (
            alarm["MetricName"] == "Errors"
            and {"Name": "FunctionName", "Value": {"Ref": function}} in alarm["Dimensions"]
        )
        or (
            alarm["MetricName"] == "Faults"
            and {"Name": "service", "Value": service} in alarm["Dimensions"]
        )
    }
    watched = FUNCTIONS[function]["DeploymentPreference"]["Alarms"]
    assert {alarm["Ref"] for alarm in watched} == own


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_ends_before_the_timeout_of_the_gateway(function: str) -> None:
    settings = TEMPLATE["Globals"]["Function"] | FUNCTIONS[function]
    has_route = any(
        event["Type"] == "Api" for event in FUNCTIONS[function].get("Events", {}).values()
    )
    assert not has_route or settings["Timeout"] < 29


def test_all_functions_know_the_timeout_of_the_writers() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    writers = [
        each for name, each in FUNCTIONS.items() if name not in {*ON_THE_STREAM, *ON_WHOLE_FILES}
    ]
    shared = TEMPLATE["Globals"]["Function"]["Timeout"]
    assert {each.get("Timeout", shared) for each in writers} == {
        int(variables["WRITER_TIMEOUT_SECONDS"])
    }
    longest_wait = WriterLifetime(timedelta(seconds=shared)).ends_at(EPOCH) - EPOCH
    assert FUNCTIONS["RelayTriggersFunction"]["Timeout"] > longest_wait.total_seconds() + 30


@pytest.mark.parametrize(("function", "queue"), ON_THE_STREAM.items())
def test_no_record_is_lost_and_a_bad_record_does_not_block_others(
    function: str, queue: str
) -> None:
    [stream] = FUNCTIONS[function]["Events"].values()
    properties = stream["Properties"]
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["MaximumRetryAttempts"] > 0
    assert 0 < properties["MaximumRecordAgeInSeconds"] < 24 * 60 * 60
    assert properties["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": {"GetAtt": f"{queue}.Arn"},
    }


def test_the_bus_rejects_events_of_other_sources() -> None:
    policy = of_type("AWS::Events::EventBusPolicy")["TriggersBusPolicy"]
    assert policy["Statement"]["Effect"] == "Deny"
    assert policy["Statement"]["Condition"] == {
        "StringNotEquals": {"events:source": "market.orders"}
    }


def test_triggers_are_archived_and_logged_without_customer_data() -> None:
    [archive] = of_type("AWS::Events::Archive").values()
    assert archive["SourceArn"] == {"GetAtt": "TriggersBus.Arn"}
    # A pattern would keep only some of the triggers.
    assert "EventPattern" not in archive
    logged = set()
    for rule in of_type("AWS::Events::Rule").values():
        [target] = rule["Targets"]
        logged |= set(target["InputTransformer"]["InputPathsMap"].values())
    assert logged == {
        "$.time",
        "$.detail-type",
        "$.detail.id",
        *("$.detail.order_id", "$.detail.version"),
        *("$.detail.job_id", "$.detail.state"),
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_environment_variables(function: str) -> None:
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own = FUNCTIONS[function]["Environment"]["Variables"]
    assert shared["TABLE_NAME"] == {"Ref": "OrdersTable"}
    assert shared["EVENT_BUS_NAME"] == {"Ref": "TriggersBus"}
    assert shared["AWS_ENDPOINT_URL"] == {"Ref": "AWS::NoValue"}
    only = {
        "RelayTriggersFunction": {"PARKED_TRIGGERS_QUEUE_URL"},
        "RecordHistoryFunction": {"PARKED_RECORDS_QUEUE_URL"},
        "ManageImportJobsFunction": {"IMPORT_FILES_BUCKET", "IMPORT_FILES_STATE_MACHINE_ARN"},
        "SplitImportFileFunction": {"IMPORT_FILES_BUCKET"},
        "ImportChunkFunction": {"IMPORT_FILES_BUCKET"},
        "FinishImportJobFunction": {"IMPORT_FILES_BUCKET"},
    }
    assert only.get(function, set()) <= set(own)
    assert set(shared | own) - only.get(function, set()) == {
        "TABLE_NAME",
        "EVENT_BUS_NAME",
        "WRITER_TIMEOUT_SECONDS",
        "LOG_LEVEL",
        "AWS_CA_BUNDLE",
        "AWS_ENDPOINT_URL",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_SERVICE_NAME",
    }


def test_a_parameter_selects_the_authorities_whose_certificates_count() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["AWS_CA_BUNDLE"] == {
        "FindInMap": ["CertificateFiles", {"Ref": "CertificateAuthorities"}, "path"]
    }
    parameter = TEMPLATE["Parameters"]["CertificateAuthorities"]
    assert set(parameter["AllowedValues"]) == set(TEMPLATE["Mappings"]["CertificateFiles"])
    assert parameter["Default"] == "amazon"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_functions_that_shops_wait_for_may_start_from_a_snapshot(function: str) -> None:
    """Each snapshot is paid for as long as its version exists."""
    parameter = TEMPLATE["Parameters"]["SnapStart"]
    assert (parameter["Default"], parameter["AllowedValues"]) == (
        "None",
        ["None", "PublishedVersions"],
    )
    assert "SnapStart" not in TEMPLATE["Globals"]["Function"]
    unneeded = {
        *("DescribeApiFunction", "ImportChunkFunction"),
        *ON_THE_STREAM,
        *ON_WHOLE_FILES,
    }
    expected = None if function in unneeded else {"ApplyOn": {"Ref": "SnapStart"}}
    assert FUNCTIONS[function].get("SnapStart") == expected


@pytest.mark.parametrize("function", FUNCTIONS)
def test_errors_and_throttles_of_a_function_have_alarms(function: str) -> None:
    watched = {
        alarm["MetricName"]
        for alarm in ALARMS.values()
        if {"Name": "FunctionName", "Value": {"Ref": function}} in alarm["Dimensions"]
    }
    assert watched - {"IteratorAge"} == {"Errors", "Throttles"}


def assert_code_records(alarm: Resource) -> None:
    """Powertools takes the namespace and the service of a metric from the environment."""
    [service] = alarm["Dimensions"]
    services = {
        each["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for each in FUNCTIONS.values()
    }
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert shared["POWERTOOLS_METRICS_NAMESPACE"] == alarm["Namespace"]
    assert service["Name"] == "service"
    assert service["Value"] in services
    root = TEMPLATE_FILE.parent
    runtime = root / "layers" / "orders" / "orders" / "runtime"
    code = [*(root / "functions").rglob("*.py"), *runtime.rglob("*.py")]
    assert any(f'"{alarm["MetricName"]}"' in path.read_text(encoding="utf-8") for path in code)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_an_existing_metric(name: str) -> None:
    alarm = ALARMS[name]
    if alarm["Namespace"] == "MarketOrders":
        assert_code_records(alarm)
        return
    assert alarm["MetricName"] in METRICS[alarm["Namespace"]]
    assert {each["Name"] for each in alarm["Dimensions"]} == DIMENSIONS[alarm["Namespace"]]
    for dimension in alarm["Dimensions"]:
        value = dimension["Value"]
        reference = value.get("Ref", value.get("GetAtt", "")).partition(".")[0]
        is_api_name = dimension["Value"] == RESOURCES["OrdersApi"]["Properties"]["Name"]
        assert reference in RESOURCES or is_api_name


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_notifies_the_topic(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == {
        "If": ["HasAlarmEmail", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]
    }


def substituted(text: Resource) -> str:
    """Return the result of `Fn::Sub`."""
    template, values = text["Sub"]
    return Template(template).substitute(values)


def test_the_gateway_returns_the_documented_statuses() -> None:
    responses = RESOURCES["OrdersApi"]["Properties"]["GatewayResponses"]
    assert {name: each["StatusCode"] for name, each in responses.items()} == GATEWAY_STATUSES


@pytest.mark.parametrize("name", GATEWAY_STATUSES)
def test_an_answer_of_the_gateway_has_the_members_of_every_protocol(name: str) -> None:
    response = RESOURCES["OrdersApi"]["Properties"]["GatewayResponses"][name]
    body = json.loads(substituted(response["ResponseTemplates"]["application/json"]))
    text = body["message"]
    [error] = body.pop("errors")
    assert error == {"code": error["code"], "message": text}
    assert re.fullmatch("[A-Z_]+", error["code"])
    assert text.endswith(".")
    assert body == {
        "error": response["StatusCode"],
        "error_text": text,
        "result": [],
        "status": "ERROR",
        "statusCode": response["StatusCode"],
        "message": text,
        # Problem details (RFC 9457). Their `status` is a number, so clients ignore the text above.
        "type": "about:blank",
        "code": error["code"],
        "detail": text,
    }


def test_the_api_passes_bodies_as_bytes_and_logs_no_secrets() -> None:
    api = RESOURCES["OrdersApi"]["Properties"]
    assert api["BinaryMediaTypes"] == ["*~1*"]
    logged = json.loads(api["AccessLogSetting"]["Format"])
    assert not [value for value in logged.values() if re.search("header|query|path$", value)]
    for settings in api["MethodSettings"]:
        assert settings["DataTraceEnabled"] is False
        assert settings["LoggingLevel"] == "OFF"


def test_no_metrics_of_single_methods_are_paid_for_and_none_are_used() -> None:
    api = RESOURCES["OrdersApi"]["Properties"]
    assert [each["MetricsEnabled"] for each in api["MethodSettings"]] == [False, False]
    dimensions = {
        each["Name"]
        for resource in RESOURCES.values()
        for each in resource["Properties"].get("Dimensions", [])
    }
    assert "FunctionName" in dimensions
    assert not dimensions & {"Method", "Resource"}
    dashboard = json.dumps(RESOURCES["Dashboard"]["Properties"])
    assert '"Method"' not in dashboard.replace("\\", "")


def test_token_requests_have_a_lower_throttle_than_the_api() -> None:
    whole, tokens = RESOURCES["OrdersApi"]["Properties"]["MethodSettings"]
    assert (whole["HttpMethod"], whole["ResourcePath"]) == ("*", "/*")
    assert whole["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert whole["ThrottlingBurstLimit"] == {"Ref": "RequestsBurst"}
    assert (tokens["HttpMethod"], tokens["ResourcePath"]) == ("POST", "/~1oauth~1token")
    assert ("POST", "/oauth/token") in {(m.upper(), path) for m, path in routes()}
    assert tokens["ThrottlingRateLimit"] < TEMPLATE["Parameters"]["RequestsPerSecond"]["Default"]


def test_the_domain_accepts_no_outdated_tls() -> None:
    [domain] = of_type("AWS::ApiGateway::DomainName").values()
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def firewall_rules() -> dict[str, Resource]:
    """Return the rules of the firewall, also those that a condition may leave out."""
    rules = [rule["If"][1] if "If" in rule else rule for rule in _rules()]
    return {rule["Name"]: rule for rule in rules}


def _rules() -> list[Resource]:
    rules: list[Resource] = RESOURCES["Firewall"]["Properties"]["Rules"]
    return rules


def test_the_firewall_limits_token_requests_by_default() -> None:
    """One address cannot use up the rate of token requests that all clients share."""
    parameters = TEMPLATE["Parameters"]
    limit = int(parameters["FirewallTokenRequestsPerAddress"]["Default"])
    [tokens] = [
        each
        for each in RESOURCES["OrdersApi"]["Properties"]["MethodSettings"]
        if each["ResourcePath"] == "/~1oauth~1token"
    ]
    assert 0 < limit / 300 < tokens["ThrottlingRateLimit"] / 100
    assert limit < tokens["ThrottlingBurstLimit"]
    assert parameters["FirewallRequestsPerAddress"]["Default"] == "0"


def test_the_firewall_is_optional() -> None:
    conditions = TEMPLATE["Conditions"]
    assert conditions["HasFirewall"] == {
        "Or": [{"Condition": "LimitsTokenRequests"}, {"Condition": "LimitsRequests"}]
    }
    for condition, parameter in (
        ("LimitsTokenRequests", "FirewallTokenRequestsPerAddress"),
        ("LimitsRequests", "FirewallRequestsPerAddress"),
    ):
        assert conditions[condition] == {"Not": [{"Equals": [{"Ref": parameter}, "0"]}]}
    conditional = [rule["If"] for rule in _rules() if "If" in rule]
    assert [(each[0], each[1]["Name"], each[2]) for each in conditional] == [
        ("LimitsTokenRequests", "TokensPerAddress", {"Ref": "AWS::NoValue"}),
        ("LimitsRequests", "RequestsPerAddress", {"Ref": "AWS::NoValue"}),
    ]
    association = RESOURCES["FirewallAssociation"]
    assert association["Condition"] == RESOURCES["Firewall"]["Condition"] == "HasFirewall"
    assert association["Properties"]["WebACLArn"] == {"GetAtt": "Firewall.Arn"}
    assert association["Properties"]["ResourceArn"]["Sub"].endswith(
        "/restapis/${OrdersApi}/stages/${OrdersApi.Stage}"
    )


@pytest.mark.parametrize(
    ("value", "is_permitted"),
    [("0", True), ("9", False), ("10", True), ("100", True), ("01", False), ("", False)],
)
def test_a_limit_that_the_firewall_rejects_is_rejected_before(
    value: str, *, is_permitted: bool
) -> None:
    for name in ("FirewallTokenRequestsPerAddress", "FirewallRequestsPerAddress"):
        pattern = TEMPLATE["Parameters"][name]["AllowedPattern"]
        assert bool(re.fullmatch(pattern, value)) is is_permitted


CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0c1d-2e3f"


@pytest.mark.parametrize(
    ("name", "value", "is_permitted"),
    [
        ("AlarmEmail", "", True),
        ("AlarmEmail", "alarms@example.com", True),
        ("AlarmEmail", "on-call+orders@mail.example.co.uk", True),
        ("AlarmEmail", "alarms", False),
        ("AlarmEmail", "alarms@example", False),
        ("AlarmEmail", "alarms@example.com, more@example.com", False),
        ("AlarmEmail", "a@example.com,b@example.com", False),
        ("AlarmEmail", "alarms@example..com", False),
        ("AlarmEmail", " alarms@example.com", False),
        ("DomainName", "", True),
        ("DomainName", "orders.example.com", True),
        ("DomainName", "orders.xn--p1ai", True),
        ("DomainName", "https://orders.example.com", False),
        ("DomainName", "orders.example.com/", False),
        ("DomainName", "Orders.example.com", False),
        ("DomainName", "orders", False),
        ("DomainName", "-orders.example.com", False),
        ("CertificateArn", "", True),
        ("CertificateArn", CERTIFICATE, True),
        ("CertificateArn", CERTIFICATE.replace("arn:aws:", "arn:aws-us-gov:"), True),
        ("CertificateArn", CERTIFICATE.replace("acm", "iam"), False),
        ("CertificateArn", CERTIFICATE + " ", False),
        ("CertificateArn", "0c1d-2e3f", False),
    ],
)
def test_a_parameter_that_cannot_work_is_rejected_before(
    name: str, value: str, *, is_permitted: bool
) -> None:
    parameter = TEMPLATE["Parameters"][name]
    assert bool(re.fullmatch(parameter["AllowedPattern"], value)) is is_permitted
    assert parameter["ConstraintDescription"].startswith("must be ")


def test_a_domain_and_its_certificate_need_each_other() -> None:
    needed = {
        tuple(
            condition["Not"][0]["Equals"][0]["Ref"]
            for condition in (rule["RuleCondition"], rule["Assertions"][0]["Assert"])
        )
        for rule in TEMPLATE["Rules"].values()
    }
    assert needed == {("DomainName", "CertificateArn"), ("CertificateArn", "DomainName")}


def test_the_firewall_limits_requests_and_token_requests_of_an_address() -> None:
    rules = firewall_rules()
    every = rules["RequestsPerAddress"]["Statement"]["RateBasedStatement"]
    assert every["Limit"] == {"Ref": "FirewallRequestsPerAddress"}
    assert "ScopeDownStatement" not in every
    tokens = rules["TokensPerAddress"]["Statement"]["RateBasedStatement"]
    assert tokens["Limit"] == {"Ref": "FirewallTokenRequestsPerAddress"}
    scope = tokens["ScopeDownStatement"]["ByteMatchStatement"]
    assert (scope["PositionalConstraint"], scope["SearchString"]) == ("CONTAINS", "/oauth/token")
    assert scope["TextTransformations"] == [{"Priority": 0, "Type": "URL_DECODE"}]
    assert {every["AggregateKeyType"], tokens["AggregateKeyType"]} == {"IP"}
    assert every["EvaluationWindowSec"] == tokens["EvaluationWindowSec"] == 300


@pytest.mark.parametrize(
    ("length", "is_rejected"),
    [
        ("0", False),
        ("4194304", False),
        ("4999999", False),
        ("5000000", True),
        ("10485760", True),
        ("0005000000", True),
        ("0004999999", False),
        ("99999999999999999999", True),
    ],
)
def test_the_firewall_rejects_a_large_content_length(length: str, *, is_rejected: bool) -> None:
    rule = firewall_rules()["ContentLength"]
    statement = rule["Statement"]["RegexMatchStatement"]
    assert statement["FieldToMatch"] == {"SingleHeader": {"Name": "content-length"}}
    assert bool(re.search(statement["RegexString"], length)) is is_rejected
    response = rule["Action"]["Block"]["CustomResponse"]
    body = RESOURCES["Firewall"]["Properties"]["CustomResponseBodies"][
        response["CustomResponseBodyKey"]
    ]
    assert json.loads(substituted(body["Content"]))["statusCode"] == response["ResponseCode"] == 413


def test_the_firewall_does_not_inspect_bodies() -> None:
    text = json.dumps(RESOURCES["Firewall"])
    assert '"Body"' not in text
    assert '"JsonBody"' not in text
    assert "ManagedRuleGroup" not in text


WIDGETS: list[Resource] = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Sub"])[
    "widgets"
]


def test_the_dashboard_shows_business_metrics_first() -> None:
    titles = [each["properties"]["title"] for each in WIDGETS]
    assert titles[0] == "Orders imported"
    namespaces = [each["properties"]["metrics"][0][0] for each in WIDGETS]
    count = namespaces.count("MarketOrders")
    assert namespaces[:count] == ["MarketOrders"] * count
    assert count > 3


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda each: each["properties"]["title"])
def test_the_dashboard_shows_existing_metrics(widget: Resource) -> None:
    for namespace, name, *rest in widget["properties"]["metrics"]:
        pairs = [each for each in rest if isinstance(each, str)]
        dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
        assert namespace == "MarketOrders" or name in METRICS[namespace]
        if namespace == "MarketOrders":
            service = {"Name": "service", "Value": dimensions["service"]}
            assert_code_records(
                {"Namespace": namespace, "MetricName": name, "Dimensions": [service]}
            )
        assert set(dimensions) == DIMENSIONS.get(namespace, {"service"})
        for reference in re.findall(r"\$\{(\w+)(?:\.\w+)?\}", " ".join(dimensions.values())):
            assert reference in RESOURCES or reference == "AWS"


def keys_of(node: yaml.MappingNode) -> list[str]:
    """Return the keys of a mapping, including the merged ones."""
    return [
        each
        for key, value in node.value
        for each in (keys_of(value) if key.value == "<<" else [key.value])
    ]


def repeated_keys(node: yaml.Node | None) -> list[str]:
    if isinstance(node, yaml.MappingNode):
        keys = keys_of(node)
        below = [each for _key, value in node.value for each in repeated_keys(value)]
        return [*{key for key in keys if keys.count(key) > 1}, *below]
    if isinstance(node, yaml.SequenceNode):
        return [each for value in node.value for each in repeated_keys(value)]
    return []


def test_no_key_is_a_duplicate_or_overrides_a_merged_key() -> None:
    """Checkov silently skips a template with such a key."""
    assert repeated_keys(yaml.compose("{a: {<<: &x {b: 1, <<: {c: 1}}, c: 2}}")) == ["c"]
    assert not repeated_keys(yaml.compose(TEMPLATE_FILE.read_text(encoding="utf-8")))


def test_the_table_is_protected_against_mistakes() -> None:
    table = RESOURCES["OrdersTable"]
    properties = table["Properties"]
    # A kept table of a failed first deployment would block the next one.
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"
    assert properties["DeletionProtectionEnabled"] == {"If": ["IsProtected", True, False]}
    assert TEMPLATE["Parameters"]["DeletionProtection"]["Default"] == "true"
    assert properties["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True,
        "RecoveryPeriodInDays": {"Ref": "RecoveryDays"},
    }
    assert properties["SSESpecification"] == {"SSEEnabled": True}


def test_a_first_deployment_leaves_nothing_that_blocks_the_next_one() -> None:
    """A resource that always stays has no fixed name, so that the next one can have its own."""
    for resource in RESOURCES.values():
        if resource.get("DeletionPolicy") == "Retain":
            assert not [each for each in resource["Properties"] if each.endswith("Name")]


# The longest names that AWS accepts, for resources that have the stack in their name.
LONGEST_NAMES = {
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::DynamoDB::Table", "TableName"): 255,
    ("AWS::Events::Archive", "ArchiveName"): 48,
    ("AWS::Events::EventBus", "Name"): 256,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::Logs::ResourcePolicy", "PolicyName"): 256,
    ("AWS::SNS::Topic", "TopicName"): 256,
    ("AWS::SQS::Queue", "QueueName"): 80,
    ("AWS::Serverless::Api", "Name"): 1024,
    ("AWS::Serverless::Function", "FunctionName"): 64,
    ("AWS::Serverless::LayerVersion", "LayerName"): 140,
    ("AWS::Serverless::StateMachine", "Name"): 80,
    ("AWS::WAFv2::WebACL", "Name"): 128,
}


def test_a_stack_name_that_make_deploy_accepts_makes_no_name_too_long() -> None:
    room = []
    for resource in RESOURCES.values():
        for member, value in resource["Properties"].items():
            text = value.get("Sub", "") if isinstance(value, dict) else ""
            if member.endswith("Name") and isinstance(text, str) and "${AWS::StackName}" in text:
                added = len(text.replace("${AWS::StackName}", ""))
                room.append(LONGEST_NAMES[resource["Type"], member] - added)
    assert min(room) >= LONGEST_STACK_NAME


POLICY_LIMIT = 20 * 1024
LONGEST_REGION = "ap-southeast-1"


def test_the_routes_of_a_function_fit_in_its_policy() -> None:
    """SAM allows API Gateway each route of a function in a statement of the function's policy."""
    policies = [
        json.dumps(
            {
                "Version": "2012-10-17",
                "Id": "default",
                "Statement": [
                    _permission(name, function, event, path)
                    for event, path in function["Properties"].get("Events", {}).items()
                    if path["Type"] == "Api"
                ],
            },
            separators=(",", ":"),
        )
        for name, function in RESOURCES.items()
        if function["Type"] == "AWS::Serverless::Function"
    ]
    assert max(map(len, policies)) <= POLICY_LIMIT


def _permission(function: str, resource: Resource, event: str, sent: Resource) -> Resource:
    """Return the statement of a route, as CloudFormation and Lambda name its parts."""
    stack, place = "s" * LONGEST_STACK_NAME, f"{LONGEST_REGION}:123456789012"
    name = resource["Properties"]["FunctionName"]["Sub"].replace("${AWS::StackName}", stack)
    method = sent["Properties"]["Method"].upper().replace("ANY", "*")
    path = re.sub(r"\{[^}]*\}", "*", sent["Properties"]["Path"])
    route = f"arn:aws:execute-api:{place}:abcdefghij/*/{method}{path}"
    return {
        "Sid": f"{stack}-{function}{event}Permissionprod-ABCDEFGHIJKL",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws:lambda:{place}:function:{name}:live",
        "Condition": {"ArnLike": {"AWS:SourceArn": route}},
    }


def test_there_is_one_table_with_a_stream() -> None:
    properties = RESOURCES["OrdersTable"]["Properties"]
    assert properties["TableName"] == {"Sub": "${AWS::StackName}-orders"}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert properties["AttributeDefinitions"] == [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "changed_shard", "AttributeType": "S"},
        {"AttributeName": "changed_at", "AttributeType": "S"},
    ]
    [index] = properties["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": CHANGE_INDEX,
        "KeySchema": [
            {"AttributeName": "changed_shard", "KeyType": "HASH"},
            {"AttributeName": "changed_at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_layers_are_built_for_the_processor_of_the_functions() -> None:
    assert TEMPLATE["Parameters"]["Architecture"]["Default"] == "arm64"
    assert TEMPLATE["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]
    for name in of_type("AWS::Serverless::LayerVersion"):
        assert RESOURCES[name]["Metadata"]["BuildArchitecture"] == {"Ref": "Architecture"}


BUCKET = RESOURCES["ImportFilesBucket"]


def test_the_bucket_is_private_and_encrypted() -> None:
    properties = BUCKET["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"]) == {
        *("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"),
    }
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    [rule] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert "CorsConfiguration" not in properties


def test_the_bucket_accepts_no_request_without_tls_nor_with_an_outdated_one() -> None:
    [policy] = of_type("AWS::S3::BucketPolicy").values()
    assert policy["Bucket"] == {"Ref": "ImportFilesBucket"}
    statements = policy["PolicyDocument"]["Statement"]
    for each in statements:
        assert (each["Effect"], each["Principal"], each["Action"]) == ("Deny", "*", "s3:*")
        assert each["Resource"] == [
            {"GetAtt": "ImportFilesBucket.Arn"},
            {"Sub": "${ImportFilesBucket.Arn}/*"},
        ]
    assert [each["Condition"] for each in statements] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    ]


def test_the_bucket_forgets_jobs_and_unfinished_uploads() -> None:
    uploads, jobs = BUCKET["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {uploads["Status"], jobs["Status"]} == {"Enabled"}
    assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert jobs["ExpirationInDays"] == 90
    # A condition would exempt some objects.
    assert set(jobs) == {"Id", "Status", "ExpirationInDays"}


def test_a_bucket_that_outlives_its_stack_does_not_block_the_next_stack() -> None:
    assert BUCKET["DeletionPolicy"] == "RetainExceptOnCreate"
    assert BUCKET["UpdateReplacePolicy"] == "Retain"
    assert "BucketName" not in BUCKET["Properties"]
