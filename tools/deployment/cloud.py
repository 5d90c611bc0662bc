"""What a deployment has to know about the AWS account."""

from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError


class Cloud:
    """One Region of the AWS account that the credentials of the shell belong to."""

    def __init__(self, region: str) -> None:
        """Call nothing yet."""
        self._region = region

    def stack_status(self, name: str) -> str | None:
        """Return the status of a stack, or None if there is no such stack."""
        try:
            [stack] = self._cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return str(stack["StackStatus"])

    def has_table(self, name: str) -> bool:
        """Return whether there is a DynamoDB table with this name."""
        dynamodb = self._client("dynamodb")
        try:
            dynamodb.describe_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return False
        return True

    def import_resources(
        self, stack_name: str, template: str, resources: list[dict[str, Any]]
    ) -> None:
        """Create a stack from resources that exist already, and wait until it is complete."""
        names = {"StackName": stack_name, "ChangeSetName": "import"}
        self._cloudformation.create_change_set(
            **names,
            ChangeSetType="IMPORT",
            TemplateBody=template,
            ResourcesToImport=resources,
        )
        self._wait("change_set_create_complete", **names)
        self._cloudformation.execute_change_set(**names)
        self._wait("stack_import_complete", StackName=stack_name)

    def _wait(self, waiter: str, **names: str) -> None:
        self._cloudformation.get_waiter(waiter).wait(
            **names, WaiterConfig={"Delay": 2, "MaxAttempts": 300}
        )

    @cached_property
    def _cloudformation(self) -> Any:  # noqa: ANN401  # boto3 creates its classes at run time
        return self._client("cloudformation")

    def _client(self, service: str) -> Any:  # noqa: ANN401  # boto3 creates its classes at run time
        create: Any = boto3.client
        return create(service, region_name=self._region)
