"""The objects in which chunks, their results and the frame of a file are kept.

A chunk is one line of JSON, which lists its records, and then their bytes as they are in the file.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from orders.application.import_job_ports import Chunk
from orders.domain.file_records import Frame, Record
from orders.domain.import_jobs import (
    ChunkResult,
    ChunkSummary,
    Counts,
    ProblemGroup,
    RecordResult,
    Sample,
    Undone,
)

type Tree = dict[str, Any]


def write_chunk(chunk: Chunk) -> bytes:
    """Return a chunk as an object. Equal chunks are equal bytes."""
    entries = [[each.row, each.key, len(each.raw), each.first_row] for each in chunk.records]
    return b"".join([_json(entries), b"\n", *(each.raw for each in chunk.records)])


def read_chunk(number: int, data: bytes) -> Chunk:
    """Read a chunk."""
    head, _, raws = data.partition(b"\n")
    records, start = [], 0
    for row, key, size, first_row in json.loads(head):
        records.append(Record(row, key, raws[start : start + size], first_row))
        start += size
    return Chunk(number, tuple(records))


def write_frame(frame: Frame) -> bytes:
    """Return a frame as an object."""
    tree = asdict(frame)
    for name in ("head", "separator", "tail"):
        tree[name] = b64encode(tree[name]).decode()
    return _json(tree)


def read_frame(data: bytes) -> Frame:
    """Read a frame."""
    tree = json.loads(data)
    return Frame(
        head=b64decode(tree["head"]),
        separator=b64decode(tree["separator"]),
        tail=b64decode(tree["tail"]),
        columns=tuple(tree["columns"]),
        ignored=tuple(tree["ignored"]),
        # Frames of earlier versions do not have these.
        unknown=tuple(tree.get("unknown", ())),
        skip_triggers=tree.get("skip_triggers", False),
    )


def write_result(result: ChunkResult) -> bytes:
    """Return the result of a chunk as an object."""
    summary = result.summary
    return _json(
        {
            "number": summary.number,
            "request_id": summary.request_id,
            "counts": asdict(summary.counts),
            "undone": None if summary.undone is None else asdict(summary.undone),
            "records": [_record_entry(each) for each in result.records],
            "samples": result.samples,
            "groups": [asdict(each) for each in result.groups],
        }
    )


def read_result(data: bytes) -> ChunkResult:
    """Read the result of a chunk."""
    tree: Tree = json.loads(data)
    undone = None if tree["undone"] is None else Undone(**tree["undone"])
    return ChunkResult(
        ChunkSummary(tree["number"], Counts(**tree["counts"]), tree["request_id"], undone),
        records=tuple(RecordResult(*each) for each in tree["records"]),
        samples=tuple(tree["samples"]),
        groups=tuple(map(_group, tree["groups"])),
    )


def manifest_line(account: str, job_id: str, run: int, chunk: int) -> bytes:
    """Return the line of a chunk in the list that the engine works on."""
    item = {"account": account, "job_id": job_id, "run": run, "chunk": chunk}
    return _json(item) + b"\n"


def _record_entry(record: RecordResult) -> list[object]:
    return [
        record.row,
        record.external_id,
        record.outcome,
        record.order_id,
        record.version,
        record.code,
        record.path,
        record.message,
    ]


def _group(tree: Mapping[str, Any]) -> ProblemGroup:
    samples = tuple(Sample(**each) for each in tree["samples"])
    return ProblemGroup(tree["code"], tree["path"], tree["count"], samples)


def _json(value: object) -> bytes:
    # Only ASCII: what a file has as text may not be valid UTF-8.
    return json.dumps(value, separators=(",", ":")).encode()
