"""Lambda function of the hub's import jobs."""

from orders.runtime.composition.import_jobs import manage_import_jobs
from orders.runtime.serve import serve

lambda_handler = serve(manage_import_jobs)
