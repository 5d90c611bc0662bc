"""How triggers are made of the stored changes of an order, by the protocol that wrote it."""

from orders.adapters.stream_records import TriggerRules
from orders.runtime.composition.order_protocols import contents, lines_of, reduce_trigger

TRIGGER_RULES = TriggerRules(lines_of, reduce_trigger, contents)
