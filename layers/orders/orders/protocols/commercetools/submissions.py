"""A sent draft as the import takes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from orders.domain.importing import is_too_large
from orders.domain.known_products import EntryName
from orders.domain.order import Order
from orders.domain.problems import NOTHING_REPORTED, Code, Problem, Reported
from orders.domain.settings import ProductsFromCatalogue, Rulebook, UnknownProducts
from orders.domain.submissions import Rejection, Submission
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.documents import (
    DraftRefusedError,
    Provenance,
    document_of,
)
from orders.protocols.commercetools.errors import ApiError, reference_not_found
from orders.protocols.commercetools.products import (
    Catalogue,
    ImportedCatalogue,
    product_names,
    unknown_product,
)
from orders.protocols.commercetools.representation import present
from orders.protocols.commercetools.requests import OrderImportDraft
from orders.protocols.commercetools.states import fulfilment_of
from orders.protocols.http import MAX_ANSWER_BYTES, fits_answer
from orders.protocols.json_text import write_json

# The smallest sent parts, such as a delivery without members, grow less than 50 times in answers.
_MIN_BYTES_TO_CHECK = MAX_ANSWER_BYTES // 50
# For the message of the order, and for a longer number and another state that it may get.
_ROOM = 16 * 1024
UNREADABLE = (
    f"The order must fit in an answer of {MAX_ANSWER_BYTES // 1024**2} MB with its defaults and ids"
)
_ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)


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
    external_user_id: str | None = None
    position: int = 0
    skip_trigger: bool = False

    @property
    def product_names(self) -> Iterable[EntryName]:
        """Return the names of the products and SKUs of the line items."""
        return [name for line in self.draft.tree["lineItems"] for name in product_names(line)]

    def submit(
        self, rules: Rulebook, before: Reported = NOTHING_REPORTED
    ) -> Submission | Rejection:
        """Check the draft's store and products against the account's settings."""
        settings = rules.settings
        store = self.draft.tree.get("store")
        endpoint = settings.endpoint_of_none() if store is None else store["key"]
        if store is not None and endpoint not in settings.endpoints:
            error = reference_not_found("store", by=self.draft.store_by, value=store["key"])
            return Rejection((_problem(Code.UNKNOWN_ENDPOINT, error),))
        provenance = Provenance(self.account, self.client_id, self.external_user_id)
        policies = settings.policies
        catalogue: Catalogue | ImportedCatalogue
        if policies.products_from_catalogue is ProductsFromCatalogue.ON:
            catalogue = ImportedCatalogue(self.account, rules.products)
        else:
            catalogue = Catalogue.of(self.account, settings.products)
        unknown = self._unknown_products(rules)
        if unknown and policies.unknown_products is UnknownProducts.REJECT:
            return Rejection(unknown[: before.problems_left])
        try:
            document = document_of(self.draft.tree, provenance, catalogue)
        except DraftRefusedError as refusal:
            errors = refusal.errors[: before.problems_left]
            return Rejection(tuple(_problem(refusal.code, each) for each in errors))
        stored = write_json(document).decode()
        # Every line has what the settings say of its product, and this does not depend on the body.
        may_be_long = self.draft.size > _MIN_BYTES_TO_CHECK or catalogue.is_checked
        if may_be_long and not is_too_large(stored) and not self._is_readable(stored):
            return Rejection((Problem(Code.ORDER_TOO_LARGE, (), UNREADABLE),))
        return Submission(
            external_id=self.external_id,
            protocol=PROTOCOL,
            document=stored,
            status=self.draft.tree["orderState"],
            endpoint=endpoint,
            fulfilment=fulfilment_of(self.draft.tree["orderState"]),
            must_be_new=True,
            warnings=unknown[: before.warnings_left],
        )

    def _unknown_products(self, rules: Rulebook) -> tuple[ApiProblem, ...]:
        """Return the problems of lines whose products were not imported, under a policy on them."""
        if rules.settings.policies.unknown_products is UnknownProducts.ACCEPT:
            return ()
        found = (
            (position, unknown_product(line, rules.products))
            for position, line in enumerate(self.draft.tree["lineItems"])
        )
        return tuple(
            ApiProblem(Code.UNKNOWN_PRODUCT, ("lineItems", position), error.message, error)
            for position, error in found
            if error is not None
        )

    def _is_readable(self, document: str) -> bool:
        """Return whether every answer about the order can hold it."""
        order = Order(
            account=self.account,
            external_id=self.external_id,
            order_id=0,
            version=1,
            status=self.draft.tree["orderState"],
            protocol=PROTOCOL,
            document=document,
            created_at=_ANY_TIME,
            updated_at=_ANY_TIME,
            request_id="",
        )
        return fits_every_answer(order)


def fits_every_answer(order: Order) -> bool:
    """Return whether every answer about an order can hold it."""
    return fits_answer(present(order), bytes(_ROOM))


def _problem(code: Code, error: ApiError) -> ApiProblem:
    return ApiProblem(code, (), error.message, error)
