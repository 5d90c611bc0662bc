"""Loads the demo account into the embedded AWS."""

from operator_cli import demo
from operator_cli.errors import OperatorError
from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.errors import LocalStackError

TABLE_SUFFIX = "-orders"


def load_demo(aws: EmbeddedAws, table_name: str) -> demo.DemoAccess:
    """Load the demo account into the stack of this table; raise LocalStackError if that fails."""
    try:
        return demo.load_demo(aws.endpoint, table_name.removesuffix(TABLE_SUFFIX))
    except OperatorError as error:
        raise LocalStackError(f"The demo account could not be loaded. {error}") from error
