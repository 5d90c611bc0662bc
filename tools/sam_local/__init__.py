"""`make sam-local` and `make sam-local-api`: the functions in Lambda's own image.

They use the embedded AWS of a running `make run`, and need Docker.
"""
