"""Preview imports into the catalogue and removals from it."""

from orders.application.import_catalogue import ImportCatalogue
from orders.application.preview_ports import Notes, NotingCatalogue, NotingSettings
from orders.application.remove_from_catalogue import RemoveFromCatalogue


def preview_catalogue(use_case: ImportCatalogue, notes: Notes | None) -> ImportCatalogue:
    """Return the import that takes these notes, the real one without notes."""
    if notes is None:
        return use_case
    return ImportCatalogue(
        catalogue=NotingCatalogue(use_case.catalogue, notes),
        settings=NotingSettings(use_case.settings, notes),
        pause=use_case.pause,
    )


def preview_removal(use_case: RemoveFromCatalogue, notes: Notes | None) -> RemoveFromCatalogue:
    """Return the removal that takes these notes, the real one without notes."""
    if notes is None:
        return use_case
    return RemoveFromCatalogue(
        catalogue=NotingCatalogue(use_case.catalogue, notes), pause=use_case.pause
    )
