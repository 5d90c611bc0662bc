"""How Altcraft finds the buyer's profile: the search mode and the fields that it needs."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from orders.domain.problems import Code, Problem, shown

DEFAULT_MODE = "email"
FIELDS = (
    "email",
    "phone",
    "profile_id",
    "field_name",
    "field_value",
    "provider",
    "subscription_id",
)
# Each mode needs all of its fields; those of ANY_OF_MODES need at least one.
MODES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": ("email",),
        "email_profile": ("email",),
        "email_sub": ("email",),
        "phone": ("phone",),
        "phone_sub": ("phone",),
        "profile_id": ("profile_id",),
        "push_sub": ("provider", "subscription_id"),
        "custom": ("field_name", "field_value"),
        "custom_sub": ("field_name", "field_value"),
        "email_phone": ("email", "phone"),
        "email_phone_sub": ("email", "phone"),
    }
)
ANY_OF_MODES = frozenset({"email_phone", "email_phone_sub"})


def matching_problems(order: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with the search mode of an order as sent, or with its fields."""
    mode = order.get("matching") or DEFAULT_MODE
    needed = MODES.get(mode) if isinstance(mode, str) else None
    if needed is None:
        yield Problem(
            Code.INVALID_VALUE,
            ("matching",),
            f"{shown(mode)} is not a matching mode; allowed are: {', '.join(MODES)}",
        )
        return
    missing = [name for name in needed if order.get(name) is None or order.get(name) == ""]
    if mode in ANY_OF_MODES:
        if len(missing) == len(needed):
            yield Problem(
                Code.REQUIRED,
                (needed[0],),
                f"matching {mode} needs {' or '.join(needed)}",
            )
        return
    default = "" if order.get("matching") else " (the default)"
    for name in missing:
        yield Problem(Code.REQUIRED, (name,), f"matching {mode}{default} needs {name}")
