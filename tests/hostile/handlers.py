"""The handlers of all routes, loaded once and warm, for the amplifiers."""

import gc
import importlib
from collections.abc import Callable
from typing import Any

from orders.adapters.parallel_calls import ParallelCalls
from tests.hostile.amplifiers import GOOD_CASES
from tests.support.lambda_context import Context
from tests.support.routes import Route, functions_of_routes

type Handler = Callable[[dict[str, Any], Context], dict[str, Any]]


def handler_of(route: Route) -> Handler:
    """Return the handler of a route."""
    module = importlib.import_module(f"functions.{functions_of_routes()[route]}.handler")
    handler: Handler = module.lambda_handler
    return handler


def warm_up() -> None:
    """Handle a good request of each format and route, which imports all that they need."""
    for case in GOOD_CASES:
        answer = handler_of(case.route)(case.event(), Context())
        if answer["statusCode"] not in case.statuses:
            raise RuntimeError(f"{case.name}: {answer['body'][:300]}")
    # A forked process has none of the threads of its parent.
    for each in gc.get_objects():
        pool = getattr(each, "_pool", None) if isinstance(each, ParallelCalls) else None
        if pool is not None:
            pool.shutdown()
            each._pool = None  # noqa: SLF001 - no test double has threads
