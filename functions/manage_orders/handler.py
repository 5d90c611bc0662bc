"""Lambda function of the order reads, status updates and deletions of all protocols."""

from orders.runtime.composition import commercetools, yandex_market
from orders.runtime.serve import serve

lambda_handler = serve(yandex_market.manage_orders, commercetools.manage_orders)
