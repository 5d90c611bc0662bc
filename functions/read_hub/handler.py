"""Lambda function of the hub's own reads, and of the reads of Altcraft."""

from orders.runtime.composition import altcraft, hub
from orders.runtime.serve import serve

lambda_handler = serve(hub.read_hub, altcraft.read_orders)
