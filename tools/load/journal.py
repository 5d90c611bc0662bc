"""The journal of the clients: each request and its outcome, as one JSON line."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class Kind(StrEnum):
    """The kind of a request."""

    IMPORT = "import"
    CREATE = "create"
    RENAME = "rename"
    MOVE = "move"
    DELETE = "delete"
    LINE = "line"
    HIDE = "hide"
    REVIVE = "revive"
    UPDATE = "update"


class Reply(StrEnum):
    """The outcome that the client knows; "unknown" if every retry failed."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """One request about one order, with its final outcome after all retries.

    `order` is the first external id of the order; `external_id` is that of this request, for a
    rename the new one. `version` is the version in the answer, 0 without one. `document` is what
    was sent; for a line, it has the line with its new status, for an update the changed members.
    """

    account: str
    order: str
    kind: Kind
    reply: Reply
    external_id: str
    document: dict[str, Any]
    version: int = 0
    tries: int = 1

    def written(self) -> str:
        """Return the entry as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, line: str) -> Self:
        """Read an entry from a line of JSON."""
        tree = json.loads(line)
        return cls(**{**tree, "kind": Kind(tree["kind"]), "reply": Reply(tree["reply"])})


def read_journal(folder: Path) -> Iterator[Entry]:
    """Read every client's journal; the entries of one order are in chronological order."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Entry.read(line)
