"""Runs commercetools drafts through the steps of an import: read, check, submit, store."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from orders.domain.order import Order
from orders.domain.settings import Endpoint, Rulebook, Settings
from orders.domain.submissions import Rejection, Submission
from orders.protocols.commercetools.checks import check_draft
from orders.protocols.commercetools.errors import ApiError, RequestRefusedError, bad_request
from orders.protocols.commercetools.representation import read_document
from orders.protocols.commercetools.requests import OrderImportDraft, read_draft
from orders.protocols.commercetools.submissions import ApiProblem, SentDraft
from orders.protocols.json_text import write_json
from tests.support.commercetools import PROJECT
from tests.support.functions import Tree

SHOP = Settings(endpoints={"website": Endpoint("website")})
CLIENT = "client"
CREATED = datetime(2026, 3, 4, 5, 6, 7, 891_234, tzinfo=UTC)


def read(sent: object, account: str = PROJECT) -> OrderImportDraft:
    """Read and check a draft, given as plain data or bytes. Raises RequestRefusedError."""
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    draft = read_draft(body, None, account)
    errors = check_draft(draft.tree)
    if errors:
        raise bad_request(*errors)
    return draft


def errors_of(sent: object) -> list[ApiError]:
    """Return the errors of a rejected draft."""
    with pytest.raises(RequestRefusedError) as refused:
        read(sent)
    assert refused.value.status == 400
    return list(refused.value.errors)


def details_of(sent: object) -> str:
    """Return the detailedErrorMessage of a draft of the wrong shape."""
    [error] = errors_of(sent)
    assert error.code == "InvalidJsonInput"
    assert error.message == "Request body does not contain valid JSON."
    detail: str = error.members["detailedErrorMessage"]
    return detail


def answer_of(
    sent: object, settings: Settings = SHOP, account: str = PROJECT
) -> Submission | Rejection:
    """Check a draft against the settings."""
    draft = read(sent, account)
    number = draft.order_number or "without"
    return SentDraft(draft, number, account, CLIENT).submit(Rulebook.of(settings))


def submitted(sent: object, settings: Settings = SHOP, account: str = PROJECT) -> Submission:
    """Return the submission of a valid draft."""
    answer = answer_of(sent, settings, account)
    assert isinstance(answer, Submission)
    return answer


def rejected(sent: object, settings: Settings = SHOP) -> list[ApiError]:
    """Return the errors of a draft that the settings do not allow."""
    answer = answer_of(sent, settings)
    assert isinstance(answer, Rejection)
    returned = [problem.error for problem in answer.problems if isinstance(problem, ApiProblem)]
    assert len(returned) == len(answer.problems)
    return returned


def document(sent: object, settings: Settings = SHOP, account: str = PROJECT) -> Tree:
    """Return the complete order of a draft's stored document as plain data."""
    order = stored(sent, settings=settings, account=account)
    tree: Tree = json.loads(write_json(read_document(order)))
    return tree


def stored(
    sent: object,
    external_id: str = "CT-1",
    order_id: int = 7,
    settings: Settings = SHOP,
    account: str = PROJECT,
) -> Order:
    """Return the stored order of a draft."""
    submission = submitted(sent, settings, account)
    return Order(
        account=account,
        external_id=external_id,
        order_id=order_id,
        version=1,
        status=submission.status,
        protocol=submission.protocol,
        document=submission.document,
        created_at=CREATED,
        updated_at=CREATED,
        request_id="request",
    )


def lost(sent: object, returned: object, path: str = "") -> Iterator[str]:
    """Yield the path of every sent value that is not returned unchanged."""
    if isinstance(sent, dict) and isinstance(returned, dict):
        for name, value in sent.items():
            if value == {} and name not in returned:
                # commercetools reads an empty object as an absent one.
                continue
            yield from lost(value, returned.get(name), f"{path}/{name}")
    elif isinstance(sent, list) and isinstance(returned, list) and len(sent) == len(returned):
        for position, (mine, theirs) in enumerate(zip(sent, returned, strict=True)):
            yield from lost(mine, theirs, f"{path}/{position}")
    elif sent != returned:
        yield path


def places(tree: object, *steps: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value of a tree."""
    if steps:
        yield steps
    members: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(tree, dict):
        members = iter(tree.items())
    elif isinstance(tree, list):
        members = enumerate(tree)
    for step, value in members:
        yield from places(value, *steps, step)
