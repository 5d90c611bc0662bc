"""Lambda function of the commercetools import."""

from orders.runtime.composition.commercetools import import_orders
from orders.runtime.serve import serve

lambda_handler = serve(import_orders)
