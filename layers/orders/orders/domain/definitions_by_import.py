"""What the definitions of an import may change: the account's policy decides.

An operator's declaration may change all that stored orders allow. An import comes from a client,
and one client must not be able to make the orders of the others fail.
"""

from collections.abc import Iterator
from dataclasses import replace

from orders.domain.custom_fields import CustomField
from orders.domain.definition_bounds import MAX_DEFINITIONS_BYTES, definitions_bytes
from orders.domain.problems import Code, Problem, shown
from orders.domain.settings import (
    Definitions,
    DefinitionsByImport,
    LineStatus,
    Settings,
    define,
)


def define_by_import(
    settings: Settings, definitions: Definitions
) -> Settings | tuple[Problem, ...]:
    """Return the settings with an import's definitions applied, or why they cannot be."""
    policy = settings.policies.definitions_by_import
    if policy is DefinitionsByImport.CHANGE:
        return define(settings, definitions)
    if policy is DefinitionsByImport.OFF:
        problems = tuple(_changes(settings, definitions))
        return problems or settings
    refused = tuple(_harmful(settings, definitions))
    if refused:
        return refused
    fields = tuple(_with_stored_values(settings, each) for each in definitions.custom_fields)
    return define(settings, replace(definitions, custom_fields=fields))


def leaves_no_room(before: Settings, after: Settings) -> bool:
    """Tell whether an import's definitions take the room that is left for the operator."""
    if before.custom_fields == after.custom_fields and before.line_statuses == after.line_statuses:
        return False
    size = _size(after)
    return size > MAX_DEFINITIONS_BYTES and size > _size(before)


def _size(settings: Settings) -> int:
    statuses = ((each.external_id, each.name) for each in settings.line_statuses.values())
    return definitions_bytes(settings.custom_fields.values(), statuses)


def _stored(settings: Settings, sent: CustomField) -> CustomField | None:
    return settings.custom_fields.get((sent.entity_type, sent.external_id))


def _with_stored_values(settings: Settings, sent: CustomField) -> CustomField:
    """Return the definition with the stored default, and with the enum names that it leaves out.

    Clients send their own definitions with every request: one must not fail because another client
    added a name, or defined the field first with another default.
    """
    stored = _stored(settings, sent)
    if stored is None or sent.value_type is not stored.value_type:
        return sent
    return replace(
        sent,
        default_value=stored.default_value,
        enum_values={**stored.enum_values, **sent.enum_values},
    )


def _changes(settings: Settings, definitions: Definitions) -> Iterator[Problem]:
    for position, sent in enumerate(definitions.custom_fields):
        if _stored(settings, sent) != sent:
            subject = f"Custom field {shown(sent.external_id)} of {sent.entity_type}"
            yield _refusal(settings, ("custom_fields", position, "external_id"), subject)
    for position, status in enumerate(definitions.line_statuses):
        if settings.line_statuses.get(status.external_id) != status:
            subject = f"Line status {shown(status.external_id)}"
            yield _refusal(settings, ("custom_line_statuses", position, "external_id"), subject)


def _harmful(settings: Settings, definitions: Definitions) -> Iterator[Problem]:
    for position, sent in enumerate(definitions.custom_fields):
        stored = _stored(settings, sent)
        if stored is None:
            continue
        if sent.required is not stored.required:
            subject = f"required of custom field {shown(sent.external_id)}"
            yield _refusal(settings, ("custom_fields", position, "required"), subject)
    for position, status in enumerate(definitions.line_statuses):
        known: LineStatus | None = settings.line_statuses.get(status.external_id)
        if known is not None and known.type is not status.type:
            subject = f"type of line status {shown(status.external_id)}"
            yield _refusal(settings, ("custom_line_statuses", position, "type"), subject)


def _refusal(settings: Settings, path: tuple[str | int, ...], subject: str) -> Problem:
    policy = settings.policies.definitions_by_import
    message = (
        f"{subject} must stay as the account defines it: an import may not change it "
        f"(policy definitions_by_import: {policy})"
    )
    return Problem(Code.DEFINITION_CONFLICT, path, message)
