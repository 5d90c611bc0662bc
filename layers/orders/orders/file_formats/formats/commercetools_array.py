"""Drafts of commercetools' order import as a JSON array, or as a page that its API returns."""

from orders.domain.file_records import FileOptions
from orders.file_formats.formats.commercetools_drafts import has_draft
from orders.file_formats.formats.json_array import JsonArray
from orders.file_formats.interface import Beginning


class CommercetoolsArray(JsonArray):
    """A page of orders is an object whose member `results` has them."""

    name = "commercetools_array"
    protocol = "commercetools"
    key = "orderNumber"
    member = "results"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose first element has the members of a draft."""
        found = super().guess(beginning)
        return found if found and has_draft(beginning.text) else None


FORMAT = CommercetoolsArray()
