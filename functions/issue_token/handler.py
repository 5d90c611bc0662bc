"""Lambda function that issues access tokens (commercetools)."""

from orders.runtime.composition.commercetools import issue_token
from orders.runtime.serve import serve

lambda_handler = serve(issue_token)
