"""Lambda function on the table's stream that publishes the triggers of interrupted writers."""

from orders.runtime.composition.relay_triggers import read_change, relay_triggers
from orders.runtime.observability import record_relay
from orders.runtime.serve_stream import serve_stream

lambda_handler = serve_stream(relay_triggers, read_change, record_relay)
