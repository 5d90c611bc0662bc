"""A document of the orders import means in a file what it means in a request, or is refused."""

import json
from collections.abc import Callable
from itertools import combinations

import pytest
from lxml import etree

from orders.domain.file_records import FileOptions, UnreadableFileError
from orders.domain.problems import NOTHING_REPORTED
from orders.domain.settings import Policies, Rulebook, Settings, UnknownMembers
from orders.domain.submissions import Rejection
from orders.file_formats.registry import Registry
from orders.protocols.altcraft.requests import IMPORT_SHAPE
from orders.protocols.altcraft.xml_codec import decode
from tests.support.files import read_whole, result_file, trees

ARRAY = FileOptions(format="json_array")
XML = FileOptions(format="altcraft_xml")
REGISTRY = Registry()

type Members = dict[str, object]
# Writes a document with members before its orders, and with others after them.
type Write = Callable[[Members, Members], bytes]

DOCUMENTS = {
    "one wrapper": "<data><row>A</row><row>B</row></data>",
    "two wrappers": "<data><row>A</row></data> <data><row>B</row><row>C</row></data>",
    "a wrapper an order": "".join(f"<data><row>{each}</row></data>" for each in "ABC"),
    "blank wrappers": "<data/><data><row>A</row></data><data> </data><data><!-- --></data>",
    "blank rows": "<data><row></row></data><data><row> </row><row>A</row></data>",
    "members between": (
        "<data><row>A</row></data><custom_fields> </custom_fields><db_id><row><external_id>9"
        "</external_id></row></db_id><data>\n<row>B</row></data><skip_triggers>1</skip_triggers>"
    ),
    "orders and members": "<data>A</data><db_id>1</db_id><data>B</data><data/>",
    "rows of the root": "<row>A</row><row/><row>B</row>",
}


def written(document: str) -> bytes:
    for name in "ABC":
        order = f"<external_id>{name}</external_id><tags><row>a</row><row>b</row></tags>"
        document = document.replace(f">{name}<", f">{order}<")
    return f"<xml>{document}</xml>".encode()


def refusal(data: bytes, options: FileOptions) -> str:
    with pytest.raises(UnreadableFileError) as found:
        read_whole(data, options)
    assert found.value.code == "unsupported_member"
    return str(found.value)


@pytest.mark.parametrize("sizes", [(1 << 20,), (7, 1)], ids=["whole", "in small parts"])
@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_file_has_the_orders_that_a_request_has(document: str, sizes: tuple[int, ...]) -> None:
    data = written(document)
    frame, records = read_whole(data, XML, sizes)
    assert trees(records, frame, XML) == decode(data, IMPORT_SHAPE).tree["data"]
    assert [each.key for each in records] == [name for name in "ABC" if f">{name}<" in document]


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_result_file_of_any_orders_can_be_imported_again(document: str) -> None:
    frame, records = read_whole(written(document), XML)
    for size in range(1, len(records) + 1):
        for some in combinations(records, size):
            results = result_file(frame, some, XML)
            etree.fromstring(results)
            again, found = read_whole(results, XML)
            assert trees(found, again, XML) == trees(some, frame, XML)


def test_a_token_beside_rows_is_not_in_a_result_file() -> None:
    rows = "<token>secret</token>".join(["<data><row>A</row></data>", DOCUMENTS["one wrapper"], ""])
    frame, records = read_whole(written(rows), XML)
    assert b"secret" not in result_file(frame, records, XML)


def in_json(before: Members, after: Members) -> bytes:
    order = {"external_id": "A"}
    return json.dumps({**before, "data": [order], **after}).encode()


def in_xml(before: Members, after: Members) -> bytes:
    def elements(members: Members) -> str:
        return "".join(
            f"<{name}>{str(value).lower() if isinstance(value, bool) else value}</{name}>"
            for name, value in members.items()
        )

    return written(f"{elements(before)}<data><row>A</row></data>{elements(after)}")


WAYS = pytest.mark.parametrize(
    ("write", "options"), [(in_json, ARRAY), (in_xml, XML)], ids=["json", "xml"]
)
PLACES = pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])


@WAYS
@PLACES
@pytest.mark.parametrize("skips", [True, False])
def test_a_file_skips_the_triggers_of_all_orders_if_it_says_so(
    write: Write, options: FileOptions, *, is_before: bool, skips: bool
) -> None:
    members: Members = {"skip_triggers": skips}
    data = write(members, {}) if is_before else write({}, members)
    frame, records = read_whole(data, options)
    [order] = REGISTRY.sent_orders(records, frame, options, skip_triggers=False)
    assert (order.skip_trigger, frame.ignored) == (skips, ())


@WAYS
@PLACES
@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"dry_run": True}, "dry_run must not be true in a file; "),
        ({"dryRun": False}, '"dryRun" is unsupported; write dry_run'),
        ({"error_policy": "reject_all"}, "error_policy must be import_valid in a file; "),
        ({"error_policy": "other"}, "error_policy must be "),
        ({"skip_triggers": "perhaps"}, "skip_triggers must be "),
        ({"custom_fields": "a"}, "custom_fields must be empty in a file; "),
        ({"custom_line_statuses": "a"}, "custom_line_statuses must be empty in a file; "),
        ({"skip_trigger": True}, 'Unknown member "skip_trigger" must be corrected or removed; '),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else "",
)
def test_a_file_with_a_member_that_it_cannot_have_is_refused(
    write: Write, options: FileOptions, members: Members, message: str, *, is_before: bool
) -> None:
    data = write(members, {}) if is_before else write({}, members)
    assert refusal(data, options).startswith(message)


def test_a_member_that_is_sent_twice_is_refused() -> None:
    data = b'{"skip_triggers": true, "data": [], "skip_triggers": false}'
    assert refusal(data, ARRAY).startswith("Duplicate member")
    twice = "<skip_triggers>1</skip_triggers>" * 2
    assert "duplicate" in refusal(written(f"{twice}<data>A</data>"), XML)


@WAYS
def test_members_without_a_meaning_for_orders_are_accepted(
    write: Write, options: FileOptions
) -> None:
    members = {"format": "json", "dry_run": False, "error_policy": "import_valid"}
    silent, _ = read_whole(write(members, {}), options)
    named, _ = read_whole(write({"result_details": True}, {"db_id": 1}), options)
    assert (silent.ignored, silent.unknown) == ((), ())
    assert (named.ignored, named.unknown) == (("result_details", "db_id"), ("db_id",))


@WAYS
@pytest.mark.parametrize("policy", UnknownMembers)
def test_an_account_that_rejects_unknown_members_rejects_those_of_a_file(
    write: Write, options: FileOptions, policy: UnknownMembers
) -> None:
    frame, records = read_whole(write({"db_id": 1}, {}), options)
    [order] = REGISTRY.sent_orders(records, frame, options, skip_triggers=False)
    rules = Rulebook.of(Settings(policies=Policies(unknown_members=policy)))
    answer = order.submit(rules, NOTHING_REPORTED)
    assert isinstance(answer, Rejection)
    paths = {each.pointer for each in answer.problems}
    assert (paths == {"/db_id"}) is (policy is UnknownMembers.REJECT)
