"""Formats faults for the log: type and place of an exception, without its message.

The message of an exception can repeat the request, as those of botocore and Pydantic do. Tokens and
customers' addresses must not appear in a log.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

type _ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class FaultFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON lines. Exceptions have their type, AWS error code and place only."""

    def __init__(self) -> None:
        """Create the formatter without Powertools' own stack trace, which repeats the message."""
        super().__init__(serialize_stacktrace=False)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - logging's own name
        """Return the lines of the exception and its causes, the outermost first."""
        return "\n".join(line for each in _chain(ei[1]) for line in _lines(each))


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)


def _lines(fault: BaseException) -> Iterator[str]:
    yield f"{type(fault).__module__}.{type(fault).__qualname__}{_aws_code(fault)}"
    for frame in traceback.extract_tb(fault.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"


def _aws_code(fault: BaseException) -> str:
    # The function of the API description makes no calls to AWS, and so does not import botocore.
    from botocore.exceptions import ClientError

    if not isinstance(fault, ClientError):
        return ""
    code = fault.response.get("Error", {}).get("Code", "unknown")
    return f" ({code} from {fault.operation_name})"
