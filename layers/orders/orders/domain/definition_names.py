"""The names of definitions: those to remove from the settings, or those that an order uses."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from orders.domain.settings import FieldKey, Settings


@dataclass(frozen=True, slots=True)
class DefinitionNames:
    """Custom fields and line statuses by their names."""

    custom_fields: frozenset[FieldKey] = frozenset()
    line_statuses: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether any is named."""
        return bool(self.custom_fields or self.line_statuses)

    def __and__(self, other: "DefinitionNames") -> "DefinitionNames":
        """Return the names that both hold."""
        return DefinitionNames(
            self.custom_fields & other.custom_fields, self.line_statuses & other.line_statuses
        )

    def described(self) -> Iterator[str]:
        """Yield each name as a phrase for a message, in a fixed order."""
        for entity, name in sorted(self.custom_fields):
            yield f"custom field {entity}:{name}"
        for name in sorted(self.line_statuses):
            yield f"line status {name}"


def not_defined(settings: Settings, names: DefinitionNames) -> DefinitionNames:
    """Return the names that the settings do not define."""
    return DefinitionNames(
        names.custom_fields - settings.custom_fields.keys(),
        names.line_statuses - settings.line_statuses.keys(),
    )


def without(settings: Settings, names: DefinitionNames) -> Settings:
    """Return the settings without these definitions."""
    fields = settings.custom_fields.items()
    statuses = settings.line_statuses.items()
    return replace(
        settings,
        custom_fields={key: each for key, each in fields if key not in names.custom_fields},
        line_statuses={key: each for key, each in statuses if key not in names.line_statuses},
    )
