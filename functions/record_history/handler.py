"""Lambda function on the table's stream that keeps the replaced versions of orders."""

from orders.runtime.composition.record_history import read_version, record_history
from orders.runtime.observability import record_history_report
from orders.runtime.serve_stream import serve_stream

lambda_handler = serve_stream(record_history, read_version, record_history_report)
