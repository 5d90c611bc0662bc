"""Lambda function of the changes of single orders in all protocols, and of some reads."""

from orders.runtime.composition import altcraft, commercetools, hub_orders, yandex_market
from orders.runtime.serve import serve

lambda_handler = serve(
    yandex_market.manage_orders,
    commercetools.manage_orders,
    altcraft.change_orders,
    hub_orders.manage_order,
)
