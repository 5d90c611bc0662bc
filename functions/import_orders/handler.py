"""Lambda function of the Altcraft import."""

from orders.runtime.composition.altcraft import import_orders
from orders.runtime.serve import serve

lambda_handler = serve(import_orders)
