"""The scopes of all protocols, which operators may use in place of role names."""

from collections.abc import Mapping
from types import MappingProxyType

from orders.domain.clients import Scope
from orders.protocols.commercetools.scopes import SCOPES as COMMERCETOOLS
from orders.protocols.yandex_market.scopes import SCOPES as YANDEX_MARKET

SCOPES: Mapping[str, Scope] = MappingProxyType({**YANDEX_MARKET, **COMMERCETOOLS})
