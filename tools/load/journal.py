"""What clients sent and what they were told, one JSON line each."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class Kind(StrEnum):
    """What a client asked for."""

    IMPORT = "import"
    CREATE = "create"
    RENAME = "rename"
    MOVE = "move"
    DELETE = "delete"


class Reply(StrEnum):
    """What the client knows of it. "unknown" is what it gave up repeating."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """One request about one order, after all its repetitions.

    `order` is the external id that the order was first sent with, `external_id` the one of this
    request (of a rename, the new one). `version` is what the answer told, 0 if it tells none.
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
        """Return the entry as a line."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, line: str) -> Self:
        """Return the entry of a line."""
        tree = json.loads(line)
        return cls(**{**tree, "kind": Kind(tree["kind"]), "reply": Reply(tree["reply"])})


def read_journal(folder: Path) -> Iterator[Entry]:
    """Read every client's journal; the entries of one order are in their order."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Entry.read(line)
