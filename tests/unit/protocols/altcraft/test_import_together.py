"""With `error_policy: reject_all`, all orders of a request are written or none is."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orders.application.ports import WriteOutcome
from orders.domain.settings import StoredSettings
from tests.support.altcraft import XML, Shop, read_json
from tests.support.samples import order, request, settings, to_xml

FIELD = {
    "external_id": "gift",
    "name": "Gift",
    "entity_type": "order",
    "required": False,
    "value_type": "int",
    "default_value": 1,
}


def _together(*orders: object, **root: object) -> dict[str, Any]:
    return request(*orders, error_policy="reject_all", result_details=True, **root)


def _codes(tree: dict[str, Any]) -> list[str | None]:
    return [each["errors"][0]["code"] if "errors" in each else None for each in tree["result"]]


@pytest.mark.parametrize("as_xml", [False, True])
def test_one_invalid_order_keeps_all_out(*, as_xml: bool) -> None:
    shop = Shop()
    sent = _together(
        *(order(external_id=name, custom_fields={"gift": 1}) for name in "AB"),
        order(external_id="C", status="shipped"),
        custom_fields=[FIELD],
    )
    answer = shop.post(to_xml(sent), XML, accept="application/json") if as_xml else shop.post(sent)
    tree = read_json(answer)
    assert (answer.status, tree["error"]) == (200, 400)
    assert tree["error_text"] == "3 of 3 orders failed; see result"
    assert _codes(tree) == ["others_failed", "others_failed", "unknown_status"]
    assert [each["error"] for each in tree["result"]] == [424, 424, 400]
    assert tree["result"][1]["error_text"] == (
        "The order was not written, because other orders of the request failed (/data/1)"
    )
    assert tree["counts"]["failed"] == 3
    assert not any("retryable" in each for each in tree["result"])
    assert not shop.documents()
    assert not shop.publisher.sent
    assert shop.settings.stored["demo"].version == 1, "definitions are part of the transaction"
    assert not shop.transactions.calls
    assert not shop.pause.attempts, "a rejection is final"


def test_definitions_are_not_written_if_all_orders_fail() -> None:
    shop = Shop()
    shop.post(_together(order(status="x"), custom_fields=[FIELD]))
    assert shop.settings.stored["demo"].version == 1


def test_definitions_are_added_to_the_current_settings() -> None:
    shop = Shop()
    shop.settings.cached["demo"] = shop.settings.stored["demo"]
    current = replace(settings(), currencies=("USD", "RUB"))
    shop.settings.stored["demo"] = StoredSettings(current, 2)
    sent = _together(order(currency="RUB"), custom_fields=[FIELD])
    assert read_json(shop.post(sent))["error"] == 0
    assert shop.settings.stored["demo"].version == 3
    assert not shop.pause.attempts


def test_valid_orders_and_their_definitions_are_written_together() -> None:
    shop = Shop()
    shop.post(request(order(external_id="old"), order(external_id="same")))
    shop.publisher.sent.clear()
    sent = _together(
        order(external_id="new", custom_fields={"gift": 2}),
        order(external_id="old", status="paid"),
        order(external_id="same"),
        custom_fields=[FIELD],
    )
    tree = read_json(shop.post(sent))
    assert [each["outcome"] for each in tree["result"]] == ["created", "updated", "unchanged"]
    assert shop.transactions.calls == [2]
    assert shop.documents()["new"]["custom_fields"] == {"gift": 2}
    assert shop.settings.stored["demo"].version == 2
    assert [each.order.external_id for each in shop.publisher.sent] == ["new", "old"]
    again = read_json(shop.post(sent))
    assert {each["outcome"] for each in again["result"]} == {"unchanged"}
    assert shop.transactions.calls == [2]


def test_a_rejection_by_the_stored_order_keeps_all_out() -> None:
    shop = Shop()
    shop.post(request(order(external_id="A", update_time="2026-01-02")))
    tree = read_json(
        shop.post(
            _together(
                order(external_id="B"),
                order(external_id="A", status="paid", update_time="2026-01-01"),
            )
        )
    )
    assert _codes(tree) == ["others_failed", "stale"]
    assert shop.documents().keys() == {"A"}


def test_one_order_twice_is_written_once() -> None:
    shop = Shop()
    tree = read_json(shop.post(_together(order(), order(status="paid"))))
    assert [each["outcome"] for each in tree["result"]] == ["created", "updated"]
    assert shop.transactions.calls == [1]
    assert len(shop.publisher.sent) == 1


def test_definitions_alone_are_written() -> None:
    shop = Shop()
    assert read_json(shop.post({**_together(custom_fields=[FIELD]), "data": []}))["error"] == 0
    assert shop.settings.stored["demo"].version == 2


def test_more_orders_than_a_transaction_takes_are_rejected_before_anything_is_read() -> None:
    shop = Shop()
    answer = shop.post(_together(*(order(external_id=str(n)) for n in range(101))))
    tree = read_json(answer)
    assert (answer.status, tree["error"], tree["result"]) == (413, 413, [])
    assert tree["error_text"] == (
        "A request whose orders are written together must have at most 100 orders; got 101; "
        "send fewer orders, or error_policy import_valid"
    )
    assert [(each["code"], each["path"]) for each in tree["errors"]] == [
        ("transaction_too_large", "/data")
    ]
    assert read_json(shop.post(_together(*(order(external_id=str(n)) for n in range(100)))))[
        "counts"
    ] == {"received": 100, "created": 100, "updated": 0, "unchanged": 0, "failed": 0}


@pytest.mark.parametrize("policy", ["import_valid", " import_valid ", "", None])
def test_by_default_valid_orders_are_imported(policy: str | None) -> None:
    shop = Shop()
    sent = {**request(order(external_id="A"), order(status="x")), "error_policy": policy}
    assert read_json(shop.post(sent))["error"] == 400
    assert shop.documents().keys() == {"A"}
    assert not shop.transactions.calls


@pytest.mark.parametrize(
    ("policy", "got"),
    [
        ("REJECT_ALL", '"REJECT_ALL"'),
        ("all", '"all"'),
        (1, "1"),
        (["reject_all"], "an array"),
    ],
)
def test_another_policy_is_rejected(policy: object, got: str) -> None:
    tree = read_json(Shop().post(request(error_policy=policy)))
    assert tree["errors"] == [
        {
            "code": "invalid_value",
            "path": "/error_policy",
            "message": f"error_policy must be import_valid or reject_all; got {got}",
        }
    ]


def test_the_failed_document_of_a_rejected_request_has_all_orders() -> None:
    shop = Shop()
    sent = json.dumps(_together(order(external_id="A"), order(status="x"), failed_only=True))
    document = read_json(shop.post(sent))["failed_document"]
    assert document == sent
    assert read_json(shop.post(document.replace('"x"', '"new"')))["error"] == 0
    assert len(shop.documents()) == 2


type Fault = Callable[[Callable[[], WriteOutcome]], WriteOutcome]


def _race(change: Callable[[], object]) -> Fault:
    def race(_commit: Callable[[], WriteOutcome]) -> WriteOutcome:
        change()
        return WriteOutcome.CONFLICT

    return race


def test_after_a_lost_race_all_orders_are_decided_again() -> None:
    shop = Shop()
    shop.post(request(order(external_id="A")))
    paid = request(order(external_id="A", status="paid"))
    shop.transactions.faults = [_race(lambda: shop.post(paid))]
    sent = _together(order(external_id="A", status="delivered"), order(external_id="B"))
    tree = read_json(shop.post(sent))
    assert [(each["outcome"], each["version"]) for each in tree["result"]] == [
        ("updated", 3),
        ("created", 1),
    ]


def test_what_a_lost_race_makes_invalid_keeps_all_out() -> None:
    shop = Shop()
    newer = request(order(external_id="A", status="paid", update_time="2026-02-01"))
    shop.transactions.faults = [_race(lambda: shop.post(newer))]
    sent = _together(order(external_id="A", update_time="2026-01-01"), order(external_id="B"))
    assert _codes(read_json(shop.post(sent))) == ["stale", "others_failed"]
    assert shop.documents().keys() == {"A"}


def test_settings_that_change_meanwhile_are_held_against_all_orders() -> None:
    shop = Shop()

    def without_euros() -> None:
        shop.settings.stored["demo"] = StoredSettings(replace(settings(), currencies=("USD",)), 2)

    shop.transactions.faults = [_race(without_euros)]
    sent = _together(order(currency="EUR"), order(external_id="B"), custom_fields=[FIELD])
    assert _codes(read_json(shop.post(sent))) == ["unknown_currency", "others_failed"]
    assert not shop.documents()
    assert not shop.settings.stored["demo"].settings.custom_fields


def test_a_store_without_time_answers_503_and_writes_nothing() -> None:
    shop = Shop()
    shop.transactions.faults = [lambda _commit: WriteOutcome.CONFLICT] * 9
    answer = shop.post(_together(order(external_id="A"), order(external_id="B")))
    assert answer.status == 503
    assert _codes(read_json(answer)) == ["storage_unavailable"] * 2
    assert all(each["retryable"] for each in read_json(answer)["result"])
    assert not shop.documents()


def test_orders_that_could_not_be_read_keep_all_out() -> None:
    shop = Shop()
    shop.orders.unread = {"A"}
    answer = shop.post(_together(order(external_id="A"), order(external_id="B")))
    assert answer.status == 503
    assert not shop.documents()


def test_an_unknown_outcome_is_retryable_and_its_triggers_are_left_to_the_relay() -> None:
    shop = Shop()

    def lost(commit: Callable[[], WriteOutcome]) -> WriteOutcome:
        commit()
        return WriteOutcome.UNKNOWN

    shop.transactions.faults = [lost]
    sent = _together(order(external_id="A"), order(external_id="B"))
    answer = shop.post(sent)
    assert (answer.status, read_json(answer)["error"]) == (200, 503)
    assert _codes(read_json(answer)) == ["storage_unavailable"] * 2
    assert not shop.publisher.sent
    assert {each["outcome"] for each in read_json(shop.post(sent))["result"]} == {"unchanged"}


def test_a_rejected_transaction_is_an_internal_error() -> None:
    shop = Shop()
    shop.transactions.faults = [lambda _commit: WriteOutcome.REFUSED]
    assert shop.post(_together()).status == 500


def test_an_order_that_a_policy_skips_the_trigger_of_has_none() -> None:
    shop = Shop()
    shop.post(_together(order(external_id="A"), order(external_id="B", skip_triggers=True)))
    assert [each.order.external_id for each in shop.publisher.sent] == ["A"]


def test_an_unchanged_order_that_changes_meanwhile_is_decided_again() -> None:
    """Without this, half of the stored orders would be those of another request."""
    shop = Shop()
    shop.post(request(order(external_id="A"), order(external_id="B")))
    paid = request(order(external_id="A", status="paid"))

    def late(commit: Callable[[], WriteOutcome]) -> WriteOutcome:
        shop.post(paid)
        return commit()

    shop.transactions.faults = [late]
    sent = _together(order(external_id="A"), order(external_id="B", tags=["x"]))
    tree = read_json(shop.post(sent))
    assert [(each["outcome"], each["version"]) for each in tree["result"]] == [
        ("updated", 3),
        ("updated", 2),
    ]
