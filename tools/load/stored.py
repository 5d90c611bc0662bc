"""Reads the stored orders and the published triggers."""

import json
from pathlib import Path

from orders.adapters.order_items import is_order, read_order
from orders.adapters.table_keys import order_key
from orders.runtime.composition.order_protocols import present
from tools.load.audit import Published, Stored
from tools.load.world import ACCOUNTS
from tools.local_stack.stack import LocalStack


def read_stored(stack: LocalStack) -> list[Stored]:
    """Return every order of the shops' accounts."""
    dynamodb = stack.aws.client("dynamodb")
    pages = dynamodb.get_paginator("scan").paginate(TableName=stack.deployment.table_name)
    prefixes = {order_key(account, "")["pk"]["S"]: account for account in ACCOUNTS}
    found = []
    for item in (each for page in pages for each in page["Items"]):
        owner = next((a for p, a in prefixes.items() if item["pk"]["S"].startswith(p)), None)
        if owner is None or not is_order(item):
            continue
        order = read_order(owner, item)
        document = json.loads(present(order))
        found.append(Stored(owner, order.external_id, order.order_id, order.version, document))
    return found


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
