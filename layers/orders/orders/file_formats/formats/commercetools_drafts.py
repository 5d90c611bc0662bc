"""Drafts of commercetools' order import as JSON Lines, which its tools for exports write."""

import re

from orders.domain.file_records import FileOptions
from orders.file_formats.formats.json_lines import JsonLines
from orders.file_formats.interface import Beginning

_MEMBERS = re.compile(r'"(?:orderNumber|totalPrice|centAmount)"')


class CommercetoolsDrafts(JsonLines):
    """One OrderImportDraft a line. The order number is required, so that a line can be repeated."""

    name = "commercetools_drafts"
    protocol = "commercetools"
    key = "orderNumber"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose first line has the members of a draft."""
        found = super().guess(beginning)
        first = beginning.text.lstrip().split("\n", 1)[0]
        has_members = '"external_id"' not in first and len(set(_MEMBERS.findall(first))) > 1
        return found if has_members else None


FORMAT = CommercetoolsDrafts()
