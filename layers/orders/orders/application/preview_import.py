"""Preview an import: the same decisions, with ports that note what would be written."""

from orders.application.import_orders import ImportOrders
from orders.application.import_together import ImportTogether
from orders.application.preview_ports import (
    NoOrderIds,
    Notes,
    NotingOrders,
    NotingSettings,
    NotingTransactions,
)


def preview_import(use_case: ImportOrders, notes: Notes | None) -> ImportOrders:
    """Return the import that takes these notes, the real one without notes."""
    if notes is None:
        return use_case
    return ImportOrders(
        orders=NotingOrders(use_case.orders, notes),
        order_ids=NoOrderIds(),
        settings=NotingSettings(use_case.settings, notes),
        publish_triggers=notes.publishing(),
        clock=use_case.clock,
        pause=use_case.pause,
        catalogue=use_case.catalogue,
        reduce_trigger=use_case.reduce_trigger,
        together=use_case.together,
    )


def preview_together(use_case: ImportTogether, notes: Notes | None) -> ImportTogether:
    """Return the import of all orders or none that takes these notes."""
    if notes is None:
        return use_case
    imports = preview_import(use_case.imports, notes)
    transactions = NotingTransactions(use_case.transactions, imports.orders, imports.settings)
    return ImportTogether(imports, transactions)
