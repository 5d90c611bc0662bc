"""`orders triggers`: shows published triggers, and publishes archived and parked ones again."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from operator_cli.arguments import EPILOG, AsJson, connection_of
from operator_cli.composition import (
    CommandDeadline,
    Connection,
    Operator,
    aws_client,
    connected,
    explained,
)
from operator_cli.counted import counted
from operator_cli.errors import OperatorError, UsageError
from operator_cli.printing import print_exact_json, print_json, print_rows, shown_time
from orders.domain.problems import shown
from orders.domain.times import parse_time

if TYPE_CHECKING:
    from operator_cli.parked_queue import ParkedMessage, ParkedQueue
    from operator_cli.parked_replay import ReplayParked
    from operator_cli.trigger_log import Row

app = typer.Typer(
    help="Show the published triggers, and publish archived and parked ones again.",
    no_args_is_help=True,
)
parked_app = typer.Typer(
    help="List, replay and discard the triggers that could not be published.", no_args_is_help=True
)
app.add_typer(parked_app, name="parked")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_MISSING = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
_PAUSE_SECONDS = 2.0
# The timeout of the functions that write orders: WRITER_TIMEOUT_SECONDS in template.yaml.
WRITER_TIMEOUT = timedelta(seconds=27)
_LISTED = 100
# As long as a list takes to receive its messages.
_HIDDEN_SECONDS = 60


def _checked_moment(text: str | None) -> str | None:
    if text is not None:
        moment_of(text, datetime.now(UTC))
    return text


def moment_of(text: str, now: datetime) -> datetime:
    """Return a time that is given as such, or as a duration before `now`, such as 30m."""
    if match := _DURATION.fullmatch(text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        return parse_time(text)
    except ValueError:
        raise typer.BadParameter(
            "must be a duration such as 30m, 1h or 2d, or a time such as 2026-01-02T03:04:05Z; "
            f"got {shown(text)}"
        ) from None


Since = Annotated[
    str,
    typer.Option(
        "--since",
        callback=_checked_moment,
        metavar="TIME",
        help="Begin at this time, or this long ago: 30m, 1h, 2d.",
    ),
]


@app.command(epilog=EPILOG)
def replay(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    since: Since,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            callback=_checked_moment,
            metavar="TIME",
            help="End at this time, or this long ago; now by default.",
        ),
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule", metavar="NAME", help="Send only to this rule of the bus; can be repeated."
        ),
    ] = None,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the replay is complete.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send archived triggers again, to all rules of the bus or to some.

    They have the same `detail.id` as before, and the additional member `replay-name`. On AWS, a
    trigger is in the archive about ten minutes after it was published.
    """
    from operator_cli.trigger_archive import TriggerArchive

    connection = connection_of(context)
    now = datetime.now(UTC)
    start, end = moment_of(since, now), moment_of(until, now) if until else now
    if start >= end:
        raise UsageError("--since must be before --until.")
    name = f"{connection.stack}-{now:%Y%m%dT%H%M%SZ}-{uuid4().hex[:4]}"
    with _existing(connection, f"The archive {connection.triggers}"):
        archive = TriggerArchive(aws_client("events", connection), connection.triggers)
        archive.replay(name, start, end, rule or ())
        while wait and not archive.has_ended(name):
            time.sleep(_PAUSE_SECONDS)
    times = {"since": shown_time(start), "until": shown_time(end)}
    if as_json:
        print_json({"replay": name, **times})
    else:
        done = "complete" if wait else "started"
        typer.echo(f"Replay {name} is {done}: {times['since']} to {times['until']}.")


@app.command(epilog=EPILOG)
def tail(
    context: typer.Context,
    since: Since = "10m",
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines.")] = False,
) -> None:
    """Show the triggers that were published: their kinds, ids and versions, no customer data.

    The ends of import jobs are shown too.
    """
    from operator_cli.trigger_log import TriggerLog

    connection = connection_of(context)
    show = print_exact_json if as_json else _print_row
    with _existing(connection, f"The log {connection.triggers_log}"):
        log = TriggerLog(aws_client("logs", connection), connection.triggers_log)
        start = moment_of(since, datetime.now(UTC))
        if not follow:
            for row in log.read(start):
                show(row)
            return
        try:
            log.follow(start, show, lambda: datetime.now(UTC), lambda: time.sleep(_PAUSE_SECONDS))
        except KeyboardInterrupt:
            return


def _print_row(row: "Row") -> None:
    if "message" in row:
        typer.echo(f"{row['at']}  {row['message']}")
        return
    subject = (
        f"job {row['job_id']}  {row['state']}"
        if "job_id" in row
        else f"order {row['order_id']}  version {row['version']}"
    )
    typer.echo(f"{row['at']}  {row['kind']:22}  {row['trigger_id']}  {subject}")


@parked_app.command("list", epilog=EPILOG)
def list_parked(
    context: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="The most messages to list.")
    ] = _LISTED,
    *,
    as_json: AsJson = False,
) -> None:
    """List what could not be published, and why. The messages stay in the queue."""
    connection = connection_of(context)
    with _existing(connection, f"The queue {connection.parked_triggers}"):
        queue = _queue(connection)
        messages = list(queue.receive(limit, _HIDDEN_SECONDS))
        queue.show_again(messages)
    rows = [_row(each) for each in messages]
    if as_json:
        print_json(rows)
    else:
        print_rows(tuple(_row_names()), rows)


@parked_app.command("replay", epilog=EPILOG)
def replay_parked(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Publish the parked triggers again, and delete the messages that succeeded.

    Single triggers are built from the order and its history, batches of the stream from the stream,
    which keeps them for 24 hours. Exit code 1 means that messages stay in the queue.
    """
    connection = connection_of(context)
    with _existing(connection, f"The queue {connection.parked_triggers}"):
        queue = _queue(connection)
    with connected(connection) as operator:
        done = _replay_of(queue, connection, operator)()
    kept = [each for each in done if each.kept_because]
    rows = [{"kept_because": each.kept_because, **_row(each.message)} for each in done]
    if as_json:
        print_json(rows)
    else:
        for each in kept:
            typer.echo(f"Kept message {each.message.id}: {each.kept_because}.")
        typer.echo(f"Replayed {len(done) - len(kept):,} of {counted(len(done), 'message')}.")
    if kept:
        raise OperatorError(
            f"The queue still holds {counted(len(kept), 'message')}: "
            "docs/operations.md says what to do."
        )


@parked_app.command("discard", epilog=EPILOG)
def discard_parked(
    context: typer.Context,
    message_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MESSAGE_ID]...", help="The messages, as `parked list` names them."
        ),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Discard every message.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete parked messages. Their triggers are then never published: try `replay` before.

    The command shows the messages and asks, unless --yes is given.
    """
    wanted = set(message_ids or ())
    if bool(wanted) is every:
        raise UsageError(
            "Name the messages to discard, or give --all: `orders triggers parked list` shows them."
        )
    if as_json and not yes:
        raise UsageError("--json requires --yes: the question and the answer are no JSON.")
    connection = connection_of(context)
    with _existing(connection, f"The queue {connection.parked_triggers}"):
        queue = _queue(connection)
        with _received(queue) as messages:
            chosen = [each for each in messages if every or each.id in wanted]
            if missing := wanted - {each.id for each in chosen}:
                names = ", ".join(sorted(missing))
                raise OperatorError(f"Nothing was discarded: the queue does not hold {names}.")
            rows = [_row(each) for each in chosen]
            if rows and not yes:
                _confirm(rows)
            for each in chosen:
                queue.remove(each)
                messages.remove(each)
    if as_json:
        print_json(rows)
    else:
        typer.echo(f"Discarded {counted(len(rows), 'message')}.")


@contextmanager
def _received(queue: "ParkedQueue") -> "Iterator[list[ParkedMessage]]":
    """Yield every message. Those that are left in the list at the end are shown again."""
    from operator_cli.parked_replay import HIDDEN_SECONDS

    messages: list[ParkedMessage] = []
    try:
        messages.extend(queue.receive(None, HIDDEN_SECONDS))
        yield messages
    finally:
        queue.show_again(messages)


def _confirm(rows: list[dict[str, object]]) -> None:
    """Show what is deleted and ask. Raises OperatorError unless the answer is yes."""
    print_rows(tuple(_row_names()), rows)
    question = f"Discard {counted(len(rows), 'message')}? Their triggers are then never published."
    try:
        is_confirmed = typer.confirm(question, err=True)
    except typer.Abort:
        # There is no terminal, or the answer was Ctrl-C.
        is_confirmed = False
    if not is_confirmed:
        raise OperatorError("Nothing was discarded. Give --yes to discard without a question.")


def _queue(connection: Connection) -> "ParkedQueue":
    from operator_cli.parked_queue import ParkedQueue

    sqs = aws_client("sqs", connection)
    return ParkedQueue(sqs, sqs.get_queue_url(QueueName=connection.parked_triggers)["QueueUrl"])


def _replay_of(queue: "ParkedQueue", connection: Connection, operator: Operator) -> "ReplayParked":
    from operator_cli.committed_triggers import ChangesOfStream, TriggersOfHistory
    from operator_cli.parked_replay import ReplayParked
    from orders.adapters.dynamodb_history import DynamoHistory
    from orders.adapters.dynamodb_order_index import DynamoOrderIndex
    from orders.adapters.dynamodb_receipts import DynamoReceipts
    from orders.adapters.eventbridge import EventBridgePublisher
    from orders.adapters.sqs_parking import SqsParking
    from orders.application.read_history import ReadHistory
    from orders.application.relay_triggers import RelayTriggers
    from orders.domain.relaying import WriterLifetime
    from orders.runtime.composition.order_protocols import present

    client, table = operator.client, operator.table
    history = ReadHistory(DynamoOrderIndex(client, table), DynamoHistory(client, table))
    streams = aws_client("dynamodbstreams", connection)
    publisher = EventBridgePublisher(aws_client("events", connection), connection.triggers, present)
    relay = RelayTriggers(
        publisher,
        DynamoReceipts(client, table),
        SqsParking(queue.sqs, queue.url),
        WriterLifetime(WRITER_TIMEOUT),
        operator.clock,
        time.sleep,
    )
    return ReplayParked(
        queue,
        TriggersOfHistory(client, table, history),
        ChangesOfStream(streams, client, table),
        publisher,
        relay,
        CommandDeadline.from_now,
    )


def _row_names() -> list[str]:
    return ["parked_at", "reason", "what", "account", "order_id", "version", "message_id"]


def _row(message: "ParkedMessage") -> dict[str, object]:
    from operator_cli.parked_queue import ParkedBatch, ParkedRecord, ParkedTrigger

    row: dict[str, object] = dict.fromkeys(_row_names())
    row |= {
        "parked_at": shown_time(message.sent_at),
        "reason": message.reason,
        "message_id": message.id,
    }
    match message.content:
        case ParkedTrigger() as parked:
            row |= {"what": parked.kind, "account": parked.account}
            row |= {"order_id": parked.order_id, "version": parked.version}
        case ParkedBatch() as parked:
            row["what"] = f"{counted(parked.size, 'record')} of {parked.shard} from {parked.first}"
        case ParkedRecord() as parked:
            row["what"] = f"record {parked.sequence_number}"
        case None:
            row["what"] = "unknown"
    return row


@contextmanager
def _existing(connection: Connection, what: str) -> Iterator[None]:
    """Explain AWS errors; those of something that does not exist name it."""
    from botocore.exceptions import ClientError

    with explained(connection):
        try:
            yield
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _MISSING:
                raise
            where = f" at {connection.endpoint_url}" if connection.endpoint_url else ""
            raise OperatorError(
                f"{what} does not exist{where}: deploy the stack, or correct --stack and --region."
            ) from error
