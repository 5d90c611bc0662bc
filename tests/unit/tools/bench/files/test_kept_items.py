"""The stub keeps the items of jobs, and forgets orders."""

import json

from tools.bench.files.kept_items import KeptItems


def _put(stub: KeptItems, pk: str, sk: str) -> str:
    item = {"pk": {"S": pk}, "sk": {"S": sk}}
    stub.answer("PutItem", json.dumps({"Item": item}))
    return json.dumps(item)


def test_items_are_read_by_key_and_by_run() -> None:
    stub = KeptItems("table")
    second = _put(stub, "A#bench#J#1", "0001#0000001")
    first = _put(stub, "A#bench#J#1", "0001#0000000")
    _put(stub, "A#bench#J#1", "0002#0000000")
    _put(stub, "A#bench#J#2", "0001#0000000")
    key = '{"Key":{"pk":{"S":"A#bench#J#1"},"sk":{"S":"0001#0000001"}}}'
    assert json.loads(stub.answer("GetItem", key))["Item"] == json.loads(second)
    asked = {
        "ExpressionAttributeValues": {":partition": {"S": "A#bench#J#1"}, ":run": {"S": "0001#"}}
    }
    found = json.loads(stub.answer("Query", json.dumps(asked)))
    assert found == {"Items": [json.loads(first), json.loads(second)], "Count": 2}


def test_written_orders_are_forgotten() -> None:
    stub = KeptItems("table")
    assert stub.answer("BatchExecuteStatement", '{"Statement":"INSERT"}') == '{"Responses":[{}]}'
    assert not stub.items
