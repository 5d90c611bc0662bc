"""Publish the triggers of what a request has committed, and leave a receipt of it.

Every write path ends here. The trigger's envelope was written with the change, so whatever stops
this, even the end of the process, leaves something that the relay notices: an envelope whose
request left no receipt, or whose receipt names it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from orders.application.deadlines import RECEIPT_SECONDS, EarlierDeadline
from orders.application.errors import StorageError
from orders.application.ports import Deadline, ReceiptRepository, RequestKey, TriggerPublisher
from orders.domain.triggers import Trigger

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublishTriggers:
    """The use case, put together with its ports."""

    publisher: TriggerPublisher
    receipts: ReceiptRepository

    def __call__(
        self,
        request: RequestKey,
        committed: Sequence[Trigger],
        doubtful: Sequence[Trigger],
        deadline: Deadline,
    ) -> tuple[Trigger, ...]:
        """Publish the committed triggers; return those that were not, the doubtful ones among them.

        `doubtful` are the triggers of writes whose answers were lost: the receipt names them, and
        the relay publishes those that the table's stream shows to be committed. Raises nothing: a
        receipt that cannot be left only makes the relay publish what was published already.
        """
        if not committed and not doubtful:
            return ()
        sending = EarlierDeadline(deadline, RECEIPT_SECONDS)
        unsent = self.publisher.publish(committed, sending) if committed else ()
        left = (*(each.trigger for each in unsent), *doubtful)
        try:
            self.receipts.leave(request, [trigger.id for trigger in left], deadline)
        except StorageError as error:
            _log.warning("a receipt was not left", extra={"code": str(error)})
        return left
