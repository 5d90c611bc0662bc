"""Publish the triggers of a request's committed changes, and leave a receipt.

Every request that writes orders ends here. Each trigger was already stored with its change. If the
process stops before or during publication, the relay publishes the triggers instead: it publishes
those that the receipt names, and all of a request that left no receipt.
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
    """Publishes triggers and leaves the receipt for the relay."""

    publisher: TriggerPublisher
    receipts: ReceiptRepository

    def __call__(
        self,
        request: RequestKey,
        committed: Sequence[Trigger],
        doubtful: Sequence[Trigger],
        deadline: Deadline,
    ) -> tuple[Trigger, ...]:
        """Publish the committed triggers. Return the unpublished ones, with all doubtful ones.

        `doubtful` are the triggers of writes whose answers were lost. The receipt names them, and
        the relay publishes those that are in the table's stream, which means committed. Raises
        nothing. If the receipt cannot be stored, the relay publishes the triggers a second time.
        """
        if not committed and not doubtful:
            return ()
        sending = EarlierDeadline(deadline, RECEIPT_SECONDS)
        unsent = self.publisher.publish(committed, sending) if committed else ()
        left = (*(each.trigger for each in unsent), *doubtful)
        try:
            self.receipts.leave(request, [trigger.id for trigger in left], deadline)
        except StorageError as error:
            _log.warning("the receipt of a request was not stored", extra={"code": str(error)})
        return left
