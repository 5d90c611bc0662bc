"""Seeds of the fuzzers: the hostile corpus, the samples and earlier findings."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.targets import MAX_BYTES
from tests.hostile.corpus import DRAFT, IMPORT, JSON, UPDATE, XML, corpus
from tests.support.commercetools import draft, full_draft
from tests.support.samples import line, order, request, to_xml

FINDS = Path(__file__).parent / "finds"


def seeds(target: str) -> Iterator[bytes]:
    """Return the seeds of a target, without those that are too long."""
    yield from (seed for seed in _all(target) if len(seed) <= MAX_BYTES)


def _all(target: str) -> Iterator[bytes]:
    route, media = {
        "altcraft_json": (IMPORT, JSON),
        "altcraft_xml": (IMPORT, XML),
        "commercetools_draft": (DRAFT, JSON),
        "commercetools_update": (UPDATE, JSON),
    }[target]
    yield from (case.body for case in corpus() if (case.route, case.media) == (route, media))
    sent = request(
        order(lines=[line(), line(external_id="2")], tags=["a", "b"], update_time="2026-01-02"),
        order(external_id="B", custom_fields={"text": "x"}),
        result_details=True,
    )
    if target == "altcraft_xml":
        yield to_xml(sent)
    elif target == "altcraft_json":
        yield _json(sent)
    elif target == "commercetools_update":
        yield _json(
            {
                "version": 1,
                "actions": [
                    {"action": "changeOrderState", "orderState": "Complete"},
                    {"action": "setLineItemCustomField", "lineItemKey": "line-1", "name": "note"},
                    {"action": "addDelivery", "deliveryKey": "second", "parcels": [{}]},
                    {"action": "setOrderNumber", "orderNumber": "CT-2"},
                ],
            }
        )
    else:
        yield _json(draft())
        yield _json(full_draft())
    for path in sorted((FINDS / target).glob("*")):
        yield path.read_bytes()


def _json(tree: object) -> bytes:
    return json.dumps(tree).encode()
