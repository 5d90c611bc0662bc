"""Lambda function that imports one chunk of a file, or undoes its import."""

from orders.runtime.composition.import_files import import_chunk
from orders.runtime.serve_step import serve_step

lambda_handler = serve_step("import of a chunk", import_chunk)
