"""Lambda function that splits the file of an import job into chunks."""

from orders.runtime.composition.import_files import split_import_file
from orders.runtime.serve_step import serve_step

lambda_handler = serve_step("splitting", split_import_file)
