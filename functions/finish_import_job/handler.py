"""Lambda function that counts the results of an import job and writes its result files."""

from orders.runtime.composition.import_files import finish_import_job, read_finish
from orders.runtime.serve_step import serve_step

lambda_handler = serve_step("finishing", finish_import_job, read_finish)
