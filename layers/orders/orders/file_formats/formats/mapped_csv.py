"""A CSV file of any system, with a mapping that its user wrote."""

from orders.file_formats.mapped_table import MappedTable
from orders.file_formats.presets import Preset

FORMAT = MappedTable(Preset("mapped_csv", columns=frozenset(), mapping={}))
