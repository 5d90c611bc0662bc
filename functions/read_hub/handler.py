"""Lambda function of the hub's own API: orders, histories, changes and comparisons."""

from orders.runtime.composition.hub import read_hub
from orders.runtime.serve import serve

lambda_handler = serve(read_hub)
