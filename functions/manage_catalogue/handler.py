"""Lambda function of Altcraft's calls about products and SKUs."""

from orders.runtime.composition.altcraft import manage_catalogue
from orders.runtime.serve import serve

lambda_handler = serve(manage_catalogue)
