"""`make deploy`: build the stack and deploy it to an AWS account with the SAM CLI."""
