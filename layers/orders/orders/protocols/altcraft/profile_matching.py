"""How Altcraft finds the buyer's profile: search modes and their required fields."""

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
# All fields of a mode are required. Modes in ANY_OF_MODES require at least one.
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
    """Yield the problems of a sent order's search mode and of its required fields."""
    sent = _trimmed(order.get("matching"))
    mode = sent or DEFAULT_MODE
    needed = MODES.get(mode) if isinstance(mode, str) else None
    if needed is None:
        yield Problem(
            Code.INVALID_VALUE,
            ("matching",),
            f"matching must be one of: {', '.join(MODES)}; got {shown(mode)}",
        )
        return
    missing = [name for name in needed if _trimmed(order.get(name)) in (None, "")]
    if mode in ANY_OF_MODES:
        if len(missing) == len(needed):
            yield Problem(
                Code.REQUIRED,
                (needed[0],),
                f"{' or '.join(needed)} is required for matching {mode}",
            )
        return
    default = "" if sent else " (the default)"
    for name in missing:
        message = f"{name} is required for matching {mode}{default}"
        yield Problem(Code.REQUIRED, (name,), message)


def _trimmed(sent: object) -> object:
    return sent.strip() if isinstance(sent, str) else sent
