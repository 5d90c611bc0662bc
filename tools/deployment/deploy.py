"""Deploys the stack for the first time, and again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.deployment.answers import AGAIN, DEFAULT_ARCHITECTURE, FILE, Answers
from tools.deployment.errors import DeploymentError

DEFAULT_STACK_NAME = "market-orders"
PROTECTION = "DeletionProtection"
NOT_CREATED = frozenset({None, "REVIEW_IN_PROGRESS"})
# CloudFormation can only delete a stack in these states.
FAILED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})


class Programs(Protocol):
    """The programs that a deployment runs, in the terminal of the operator."""

    def build(self, architecture: str) -> bool:
        """Build the functions and layers; return whether it succeeded."""

    def sam_deploy(self, *options: str) -> bool:
        """Run `sam deploy`; return whether it succeeded."""


class Account(Protocol):
    """One Region of an AWS account."""

    def stack_status(self, name: str) -> str | None:
        """Return the status of a stack, or None if there is no such stack."""

    def has_table(self, name: str) -> bool:
        """Return whether there is a DynamoDB table with this name."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """Builds and deploys the project with the answers that the SAM CLI has saved.

    Only the first deployment asks. It raises DeploymentError, with the text for the operator.
    """

    project: Path
    programs: Programs
    account: Callable[[str], Account]

    def __call__(self, architecture: str | None = None) -> None:
        """Deploy; `architecture` is the processor that the first deployment offers."""
        answers = Answers.read(self.project) or self._ask(architecture or DEFAULT_ARCHITECTURE)
        if architecture not in {None, answers.architecture}:
            raise DeploymentError(
                f"ARCHITECTURE must be {answers.architecture}, as in {FILE}; got {architecture}. "
                f"To change the processor, change `Architecture` in {FILE}."
            )
        answers.check()
        is_first = self._is_first(answers)
        self._build(answers.architecture)
        if is_first:
            self._create(answers)
        else:
            self._sam_deploy("--no-fail-on-empty-changeset")

    def _ask(self, architecture: str) -> Answers:
        """Let the SAM CLI ask and save the answers, but not deploy: the processor may differ."""
        self._build(architecture)
        offered = () if architecture == DEFAULT_ARCHITECTURE else _overrides(architecture)
        asked = self.programs.sam_deploy(
            *("--guided", "--no-execute-changeset", "--stack-name", DEFAULT_STACK_NAME),
            *offered,
        )
        if not asked:
            saved = AGAIN if (self.project / FILE).exists() else ""
            raise DeploymentError(f"Nothing was deployed. {saved}".strip())
        answers = Answers.read(self.project)
        if answers is None:
            raise DeploymentError(
                f"Nothing was deployed, because the answers were not saved to {FILE}: run "
                "`make deploy` again, and save them."
            )
        return answers

    def _is_first(self, answers: Answers) -> bool:
        """Return whether the stack has to be created. Raises DeploymentError if it cannot be."""
        account, name = self.account(answers.region), answers.stack_name
        status = account.stack_status(name)
        continues = status == "CREATE_FAILED" and answers.keeps_failures
        if status in FAILED and not continues:
            raise DeploymentError(
                f"The stack {name} has the status {status}, which allows no deployment: delete it "
                f"with `.local/sam/bin/sam delete --stack-name {name} --region {answers.region}`, "
                "then run `make deploy` again."
            )
        if status not in NOT_CREATED:
            return False
        if account.has_table(f"{name}-orders"):
            raise DeploymentError(
                f"The table {name}-orders exists already, from an earlier stack with this name: "
                "run `make import-table` to use it in the new stack, then `make deploy` again. "
                f"To start with an empty table, choose another `stack_name` in {FILE}."
            )
        return True

    def _create(self, answers: Answers) -> None:
        """Create the stack, then protect its table.

        CloudFormation could not delete a protected table if the creation fails, and that table
        would block the next one.
        """
        wanted = answers.parameters.get(PROTECTION, "true")
        after_failure = () if answers.keeps_failures else ("--on-failure", "DELETE")
        parameters = dict(answers.parameters)
        self._sam_deploy(*after_failure, *_overrides_of(parameters | {PROTECTION: "false"}))
        if wanted == "true":
            self._sam_deploy(
                "--no-fail-on-empty-changeset", *_overrides_of(parameters | {PROTECTION: wanted})
            )

    def _build(self, architecture: str) -> None:
        if not self.programs.build(architecture):
            raise DeploymentError("Nothing was deployed, because the build failed.")

    def _sam_deploy(self, *options: str) -> None:
        if not self.programs.sam_deploy(*options):
            raise DeploymentError(
                "The deployment failed; the events above name the cause. A wrong parameter is in "
                f"{FILE}. End the cause, then run `make deploy` again."
            )


def _overrides(architecture: str) -> tuple[str, ...]:
    return _overrides_of({"Architecture": architecture})


def _overrides_of(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Return the option for parameters, quoted as the SAM CLI requires."""
    quoted = (
        '{}="{}"'.format(name, value.replace('"', '\\"')) for name, value in parameters.items()
    )
    return ("--parameter-overrides", *quoted)
