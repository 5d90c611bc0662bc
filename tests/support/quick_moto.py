"""Makes moto start and pass calls on in less time.

By default, moto registers a thousand responses at each start for the library requests, which calls
no AWS here, and compares the URL of each call of DynamoDB Local with those of two hundred services.
"""

from moto.core import models
from moto.core.config import default_user_config


def make_moto_quick() -> None:
    """Let moto mock the calls of botocore only, and pass on those to the loopback interface."""
    models.RESPONSES_METHODS.clear()
    default_user_config["core"]["passthrough"]["urls"].append(r"http://127\.0\.0\.1:")
