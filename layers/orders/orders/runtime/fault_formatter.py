"""How a fault is logged: what was raised and where, never with which words.

The message of an exception can repeat what was sent (botocore's parameter validation does, and so
does Pydantic): a token or a customer's address must not get into a log that way.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from botocore.exceptions import ClientError

type _ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class FaultFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON lines, with exceptions told by type, AWS code and place."""

    def __init__(self) -> None:
        """Leave Powertools' own form of a stack trace out: it repeats the message."""
        super().__init__(serialize_stacktrace=False)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - logging's own name
        """Return the exception and its causes, the outermost first."""
        return "\n".join(line for each in _chain(ei[1]) for line in _told(each))


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)


def _told(fault: BaseException) -> Iterator[str]:
    yield f"{type(fault).__module__}.{type(fault).__qualname__}{_aws_code(fault)}"
    for frame in traceback.extract_tb(fault.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"


def _aws_code(fault: BaseException) -> str:
    if not isinstance(fault, ClientError):
        return ""
    code = fault.response.get("Error", {}).get("Code", "unknown")
    return f" ({code} from {fault.operation_name})"
