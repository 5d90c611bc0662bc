"""A sent draft as the import takes it."""

from dataclasses import dataclass

from orders.domain.problems import MAX_PROBLEMS, Code, Problem
from orders.domain.settings import Rulebook
from orders.domain.submissions import Rejection, Submission
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.documents import (
    DraftRefusedError,
    Provenance,
    document_of,
)
from orders.protocols.commercetools.errors import ApiError, reference_not_found
from orders.protocols.commercetools.products import Catalogue
from orders.protocols.commercetools.requests import OrderImportDraft
from orders.protocols.commercetools.states import fulfilment_of
from orders.protocols.json_text import write_json


@dataclass(frozen=True, slots=True)
class ApiProblem(Problem):
    """A problem with the protocol's own error for it."""

    error: ApiError


@dataclass(frozen=True, slots=True)
class SentDraft:
    """A draft as one order of an import. `external_id` is its number or a generated id."""

    draft: OrderImportDraft
    external_id: str
    account: str
    client_id: str
    position: int = 0
    skip_trigger: bool = False

    def submit(self, rules: Rulebook, at_most: int = MAX_PROBLEMS) -> Submission | Rejection:
        """Check the draft's store and products against the account's settings."""
        settings = rules.settings
        store = self.draft.tree.get("store")
        endpoint = settings.endpoint_of_none() if store is None else store["key"]
        if store is not None and endpoint not in settings.endpoints:
            error = reference_not_found("store", by="key", value=store["key"])
            return Rejection((_problem(Code.UNKNOWN_ENDPOINT, error),))
        provenance = Provenance(self.account, self.client_id)
        catalogue = Catalogue.of(self.account, settings.products)
        try:
            document = document_of(self.draft.tree, provenance, catalogue)
        except DraftRefusedError as refusal:
            errors = refusal.errors[:at_most]
            return Rejection(tuple(_problem(refusal.code, each) for each in errors))
        return Submission(
            external_id=self.external_id,
            protocol=PROTOCOL,
            document=write_json(document).decode(),
            status=document["orderState"],
            endpoint=endpoint,
            fulfilment=fulfilment_of(document["orderState"]),
            must_be_new=True,
        )


def _problem(code: Code, error: ApiError) -> ApiProblem:
    return ApiProblem(code, (), error.message, error)
