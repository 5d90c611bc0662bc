"""Reads the stored orders and the published triggers."""

import json
from pathlib import Path

from orders.runtime.composition.order_protocols import present
from tools.load.audit import Published, Stored
from tools.load.table import read_contents
from tools.load.world import ACCOUNTS
from tools.local_stack.stack import LocalStack


def read_stored(stack: LocalStack) -> list[Stored]:
    """Return every order of the shops' accounts, also the softly deleted ones."""
    contents = read_contents(stack.aws.client("dynamodb"), stack.deployment.table_name)
    own = contents.of(frozenset(ACCOUNTS))
    return [
        Stored(
            each.account,
            each.external_id,
            each.order_id,
            each.version,
            json.loads(present(each)),
            each.is_hidden,
        )
        for each in (*own.orders, *own.hidden)
    ]


def read_published(events_log: Path) -> list[Published]:
    """Return every received trigger, including copies."""
    events = map(json.loads, events_log.read_text(encoding="utf-8").splitlines())
    return [
        Published(
            account=event["detail"]["account"],
            id=event["detail"]["id"],
            kind=event["detail-type"],
            order_id=event["detail"]["order_id"],
            version=event["detail"]["version"],
            external_id=event["detail"]["external_id"],
        )
        for event in events
        if event["detail"]["account"] in ACCOUNTS
    ]
