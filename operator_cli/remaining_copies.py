"""Says where copies of erased data remain, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from operator_cli.printing import shown_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient

# The longest that DynamoDB keeps backups for point-in-time recovery.
MAX_RECOVERY_DAYS = 35
STREAM_DAYS = 1


@dataclass(frozen=True, slots=True)
class RemainingCopies:
    """The copies in the stack that no command can erase. They expire."""

    dynamodb: DynamoDBClient
    events: EventBridgeClient
    table: str
    archive: str

    def texts(self, now: datetime) -> Iterator[str]:
        """Yield a line for each place of copies of what was erased at this time."""
        yield f"the stream of the table until {_end(now, STREAM_DAYS)}"
        days = self._recovery_days()
        yield f"its backups for point-in-time recovery until {_end(now, days)}"
        kept = self._archive_days()
        if kept is None:
            yield f"the archive {self.archive}, as long as ArchiveRetentionDays says"
        elif kept:
            yield f"the archive {self.archive} until {_end(now, kept)}"
        else:
            yield f"the archive {self.archive}, which keeps events without a limit"

    def _recovery_days(self) -> int:
        """Return the days of the backups, the longest possible if AWS does not say."""
        try:
            answer = self.dynamodb.describe_continuous_backups(TableName=self.table)
        except (ClientError, BotoCoreError):
            return MAX_RECOVERY_DAYS
        backups = answer["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {})
        return int(recovery.get("RecoveryPeriodInDays", MAX_RECOVERY_DAYS))

    def _archive_days(self) -> int | None:
        """Return the days of the archive, 0 without a limit, None if AWS does not say."""
        try:
            answer = self.events.describe_archive(ArchiveName=self.archive)
        except (ClientError, BotoCoreError):
            return None
        return int(answer.get("RetentionDays", 0))


def _end(now: datetime, days: int) -> str:
    return str(shown_time(now + timedelta(days=days)))
