"""Drafts of commercetools' order import as JSON Lines, which its tools for exports write."""

import re

from orders.domain.file_records import FileOptions
from orders.file_formats.formats.json_lines import JsonLines
from orders.file_formats.interface import Beginning

_MEMBERS = re.compile(r'"(?:orderNumber|totalPrice|centAmount|lineItems|customerEmail)"')


def has_draft(text: str) -> bool:
    """Return whether a text has the members of a draft, and no external id."""
    return '"external_id"' not in text and len(set(_MEMBERS.findall(text))) > 1


class CommercetoolsDrafts(JsonLines):
    """One OrderImportDraft a line. The order number is required, so that a line can be repeated."""

    name = "commercetools_drafts"
    protocol = "commercetools"
    key = "orderNumber"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose first line has the members of a draft."""
        found = super().guess(beginning)
        first = beginning.text.lstrip().split("\n", 1)[0]
        return found if has_draft(first) else None


FORMAT = CommercetoolsDrafts()
