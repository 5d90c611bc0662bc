"""What a preset is: how the CSV export of a system is recognised and mapped."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """The CSV export of a system.

    A file is of this system if its header has all `columns`. `mapping` is a mapping as users write
    it. `date_form` is that of the export.
    """

    name: str
    columns: frozenset[str]
    mapping: Mapping[str, object]
    date_form: str = "iso"
