"""The first deployment asks, and later ones keep what it was answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.deployment.answers import FILE, LONGEST_STACK_NAME, Answers
from tools.deployment.deploy import Deploy
from tools.deployment.errors import DeploymentError

REGION = "eu-central-1"
PARAMETERS = 'Architecture=\\"x86_64\\" LogLevel=\\"INFO\\" AlarmEmail=\\"a b@example.com\\"'


def samconfig(name: str = "shop", parameters: str = PARAMETERS, more: str = "") -> str:
    """Return a file as `sam deploy --guided` saves it."""
    return (
        f'version = 0.1\n[default.deploy.parameters]\nstack_name = "{name}"\nregion = "{REGION}"\n'
        f'capabilities = "CAPABILITY_IAM"\nparameter_overrides = "{parameters}"\n{more}'
    )


@dataclass
class Terminal:
    """Records the programs; `--guided` saves the answers."""

    project: Path
    answers: str | None = field(default_factory=samconfig)
    failing: str = "nothing"
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def build(self, architecture: str) -> bool:
        self.ran.append(("build", architecture))
        return self.failing != "build"

    def sam_deploy(self, *options: str) -> bool:
        self.ran.append(options)
        if "--guided" in options and self.answers is not None:
            (self.project / FILE).write_text(self.answers)
        return self.failing not in options


@dataclass
class Account:
    """An account with one stack at most."""

    status: str | None = None
    tables: frozenset[str] = frozenset()
    region: str = ""

    def stack_status(self, _name: str) -> str | None:
        return self.status

    def has_table(self, name: str) -> bool:
        return name in self.tables

    def of(self, region: str) -> "Account":
        self.region = region
        return self


def deploy(terminal: Terminal, account: Account, architecture: str | None = None) -> None:
    Deploy(terminal.project, terminal, account.of)(architecture)


QUOTED = ('Architecture="x86_64"', 'LogLevel="INFO"', 'AlarmEmail="a b@example.com"')
CREATION = (
    ("--on-failure", "DELETE", "--parameter-overrides", *QUOTED, 'DeletionProtection="false"'),
    (
        *("--no-fail-on-empty-changeset", "--parameter-overrides"),
        *(*QUOTED, 'DeletionProtection="true"'),
    ),
)
GUIDED = ("--guided", "--no-execute-changeset", "--stack-name", "market-orders")


def test_the_first_deployment_asks_and_builds_for_the_processor_of_the_answer(
    tmp_path: Path,
) -> None:
    terminal, account = Terminal(tmp_path), Account()
    deploy(terminal, account)
    assert terminal.ran == [
        ("build", "arm64"),
        GUIDED,
        ("build", "x86_64"),
        *CREATION,
    ]
    assert account.region == REGION


def test_the_first_deployment_offers_the_chosen_processor(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    deploy(terminal, Account("REVIEW_IN_PROGRESS"), "x86_64")
    assert terminal.ran[:2] == [
        ("build", "x86_64"),
        (*GUIDED, "--parameter-overrides", 'Architecture="x86_64"'),
    ]


@pytest.mark.parametrize("architecture", [None, "x86_64"])
def test_a_later_deployment_asks_nothing_and_overrides_nothing(
    tmp_path: Path, architecture: str | None
) -> None:
    (tmp_path / FILE).write_text(samconfig())
    terminal = Terminal(tmp_path)
    deploy(terminal, Account("UPDATE_COMPLETE"), architecture)
    assert terminal.ran == [("build", "x86_64"), ("--no-fail-on-empty-changeset",)]


def test_a_failed_first_deployment_is_repeated_without_questions(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(samconfig())
    terminal = Terminal(tmp_path)
    deploy(terminal, Account())
    assert terminal.ran == [("build", "x86_64"), *CREATION]


def test_a_table_that_need_not_be_protected_is_created_once(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(samconfig(parameters='DeletionProtection=\\"false\\"'))
    terminal = Terminal(tmp_path)
    deploy(terminal, Account())
    assert terminal.ran[1:] == [
        ("--on-failure", "DELETE", "--parameter-overrides", 'DeletionProtection="false"')
    ]


def test_what_was_created_stays_after_a_failure_if_the_operator_wants_so(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(samconfig(more="disable_rollback = true\n"))
    terminal = Terminal(tmp_path)
    deploy(terminal, Account())
    assert "--on-failure" not in terminal.ran[1]
    deploy(terminal, Account("CREATE_FAILED"))
    assert terminal.ran[-1] == ("--no-fail-on-empty-changeset",)


def no_answers(path: Path) -> Terminal:
    return Terminal(path, answers=None)


def refused_answers(path: Path) -> Terminal:
    return Terminal(path, failing="--guided")


def failing_build(path: Path) -> Terminal:
    return Terminal(path, failing="build")


def failing_creation(path: Path) -> Terminal:
    return Terminal(path, failing="--on-failure")


@pytest.mark.parametrize(
    ("terminal", "message", "runs"),
    [
        (no_answers, "the answers were not saved to samconfig.toml", 2),
        (refused_answers, "Nothing was deployed. Correct samconfig.toml, or delete it", 2),
        (failing_build, "the build failed", 1),
        (failing_creation, "The deployment failed; the events above name the cause.", 4),
    ],
)
def test_a_failure_ends_the_deployment(
    tmp_path: Path, terminal: Callable[[Path], Terminal], message: str, runs: int
) -> None:
    programs = terminal(tmp_path)
    with pytest.raises(DeploymentError, match=message):
        deploy(programs, Account())
    assert len(programs.ran) == runs


def test_the_processor_of_a_deployed_stack_changes_only_in_its_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(samconfig())
    terminal = Terminal(tmp_path)
    with pytest.raises(DeploymentError, match=r"must be x86_64, as in samconfig\.toml; got arm64"):
        deploy(terminal, Account("UPDATE_COMPLETE"), "arm64")
    assert terminal.ran == []


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_stack_that_cannot_be_updated_is_deleted_first(tmp_path: Path, status: str) -> None:
    (tmp_path / FILE).write_text(samconfig())
    terminal = Terminal(tmp_path)
    with pytest.raises(DeploymentError, match=rf"{status}.*sam delete --stack-name shop"):
        deploy(terminal, Account(status))
    assert terminal.ran == []


def test_a_kept_table_is_imported_first(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(samconfig())
    terminal = Terminal(tmp_path)
    with pytest.raises(DeploymentError, match=r"shop-orders exists already.*make import-table"):
        deploy(terminal, Account(tables=frozenset({"shop-orders"})))
    assert terminal.ran == []
    deploy(terminal, Account("IMPORT_COMPLETE", tables=frozenset({"shop-orders"})))


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("a" * LONGEST_STACK_NAME, "", None),
        ("a" * (LONGEST_STACK_NAME + 1), "", "must have at most 37 characters; got 38"),
        ("my_shop", "", 'must be letters, digits and hyphens after a letter; got "my_shop"'),
        ("1shop", "", 'got "1shop"'),
        ("shop", f"CertificateArn={CERTIFICATE}", "`CertificateArn` must be of the Region eu-"),
        ("shop", f"CertificateArn={CERTIFICATE.replace('us-east-1', REGION)}", None),
        ("shop", 'CertificateArn=\\"\\"', None),
    ],
)
def test_answers_that_fail_late_are_rejected_before_anything_runs(
    tmp_path: Path, name: str, parameters: str, message: str | None
) -> None:
    (tmp_path / FILE).write_text(samconfig(name, parameters))
    terminal = Terminal(tmp_path)
    if message is None:
        deploy(terminal, Account())
        return
    with pytest.raises(DeploymentError, match=message):
        deploy(terminal, Account())
    assert terminal.ran == []


@pytest.mark.parametrize(
    "overrides",
    [
        r'"Architecture=\"x86_64\" AlarmEmail=\"a b@example.com\" DomainName=\"\""',
        "\"Architecture=x86_64 AlarmEmail='a b@example.com' DomainName=\"",
        '["Architecture=x86_64", \'AlarmEmail="a b@example.com"\', \'DomainName=""\']',
        '{Architecture = "x86_64", AlarmEmail = "a b@example.com", DomainName = ""}',
        (
            r'"ParameterKey=Architecture,ParameterValue=x86_64 '
            r"ParameterKey=AlarmEmail,ParameterValue=\"a b@example.com\" "
            r'ParameterKey=DomainName,ParameterValue="'
        ),
    ],
)
def test_parameters_are_read_in_every_form_of_the_cli(tmp_path: Path, overrides: str) -> None:
    (tmp_path / FILE).write_text(
        '[default.global.parameters]\nregion = "us-east-1"\n'
        '[default.deploy.parameters]\nstack_name = "shop"\n'
        f"parameter_overrides = {overrides}\n"
    )
    answers = Answers.read(tmp_path)
    assert answers is not None
    assert answers.region == "us-east-1"
    assert answers.architecture == "x86_64"
    assert answers.parameters == {
        "Architecture": "x86_64",
        "AlarmEmail": "a b@example.com",
        "DomainName": "",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have `stack_name`"),
        ('[default.deploy.parameters]\nstack_name = "shop"\n', "must have `region`"),
        ("stack_name: shop", r"samconfig\.toml must be valid TOML"),
    ],
)
def test_a_file_without_the_answers_is_rejected(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DeploymentError, match=message):
        Answers.read(tmp_path)
