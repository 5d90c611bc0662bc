"""`sam build` ships the right code, compiled, for the right processor."""

import importlib.util
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.regions
import pytest
from botocore.model import ServiceModel

from tests.support.template_tables import load_template

PROJECT = Path(__file__).parents[2]
SAM = PROJECT / ".local" / "sam" / "bin" / "sam"
# The folder stays between runs of the suite, because it holds cached builds. Each pytest-xdist
# process uses a separate folder.
BUILT = PROJECT / ".local" / "build" / f"release-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
LAYERS = ("DependenciesLayer", "OrdersLayer")
FUNCTIONS = {
    name: PROJECT / resource["Properties"]["CodeUri"]
    for name, resource in load_template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}

SERVICES = ("dynamodb", "events", "s3", "sqs", "stepfunctions")
AARCH64 = 183
UNCHECKED_HASH = 1

# Imports a handler with Lambda's import path: the function and the layers, no installed packages.
IMPORT_ALONE = """
import sys
sys.path[:0] = sys.argv[1:]
import handler
assert callable(handler.lambda_handler)
from orders.adapters.aws_clients import create_client
for service in ("dynamodb", "events", "s3", "sqs", "stepfunctions"):
    create_client(service)
outside = [
    module.__file__ for module in list(sys.modules.values())
    if "site-packages" in (getattr(module, "__file__", None) or "")
]
assert not outside, outside
"""


def environment(**extra: str) -> dict[str, str]:
    foreign = ("AWS_", "MAKE", "MFLAGS", "PYTHON", "LAYER_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **inherited,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        **extra,
    }


def run(*command: str | Path, cwd: Path = PROJECT, **extra: str) -> None:
    result = subprocess.run(  # noqa: S603  # the tests define the commands
        command,
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output of a plain `sam build`, for the template's default processor."""
    built = BUILT / "artifacts"
    sam_files = tmp_path_factory.mktemp("sam")
    (sam_files / "samconfig.toml").write_text("version = 0.1\n")
    run(
        SAM,
        "build",
        *("--config-file", str(sam_files / "samconfig.toml")),
        *("--build-dir", str(built)),
        *("--cached", "--cache-dir", str(BUILT / "cache")),
        __SAM_CLI_APP_DIR=str(sam_files),
    )
    return built


@pytest.fixture(scope="module")
def host_layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the layers, built for the processor of this machine."""
    built = tmp_path_factory.mktemp("layers")
    for layer, folder in zip(LAYERS, ("dependencies", "orders"), strict=True):
        run(
            *("make", f"build-{layer}"),
            cwd=PROJECT / "layers" / folder,
            ARTIFACTS_DIR=str(built / layer),
            LAYER_ARCHITECTURE="host",
        )
    return built


def files(folder: Path) -> set[Path]:
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


# The files that the build of a function adds.
BROUGHT = {
    "DescribeApiFunction": {
        Path("swagger-ui-bundle.js"),
        Path("swagger-ui.css"),
        Path("LICENSE"),
    }
}


def sources(built: Path) -> Iterator[Path]:
    for layer in LAYERS:
        yield from (built / layer / "python").rglob("*.py")


def is_compiled(source: Path) -> bool:
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.exists():
        return False
    header = compiled.read_bytes()[:8]
    flags = int.from_bytes(header[4:], "little")
    return header[:4] == importlib.util.MAGIC_NUMBER and flags == UNCHECKED_HASH


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_contains_only_its_own_code(release: Path, function: str) -> None:
    built = {*files(FUNCTIONS[function]), *BROUGHT.get(function, ())} - {Path("Makefile")}
    assert files(release / function) == built
    assert Path("handler.py") in files(release / function)


def test_the_layers_contain_the_imported_packages(release: Path) -> None:
    assert (release / "OrdersLayer" / "python" / "orders" / "__init__.py").is_file()
    dependencies = release / "DependenciesLayer" / "python"
    for package in ("aws_lambda_powertools", "botocore", "lxml", "orjson", "pydantic"):
        assert (dependencies / package / "__init__.py").is_file()
    for layer in LAYERS:
        assert not (release / layer / "python" / "python").exists()


def test_the_orders_layer_contains_the_whole_package(release: Path) -> None:
    shipped = files(release / "OrdersLayer" / "python" / "orders")
    assert shipped == files(PROJECT / "layers" / "orders" / "orders")


def test_the_layers_contain_bytecode_that_python_loads_without_a_check(release: Path) -> None:
    assert [source for source in sources(release) if not is_compiled(source)] == []


def test_the_release_contains_libraries_for_arm64(release: Path) -> None:
    libraries = list((release / "DependenciesLayer").rglob("*.so"))
    machines = {int.from_bytes(library.read_bytes()[18:20], "little") for library in libraries}
    assert machines == {AARCH64}
    assert all("aarch64" in library.name for library in libraries)


def test_the_release_contains_the_authorities_that_the_template_names(release: Path) -> None:
    layer = release / "DependenciesLayer"
    files = load_template()["Mappings"]["CertificateFiles"]
    authorities = {
        name: _authorities(layer / Path(file["path"]).relative_to("/opt"))
        for name, file in files.items()
    }
    assert authorities["amazon"] < authorities["all"]
    assert {organization for organization, _ in authorities["amazon"]} == {
        "Amazon",
        "Starfield Technologies, Inc.",
    }
    names = {name for _, name in authorities["amazon"]}
    assert names >= {f"Amazon Root CA {number}" for number in range(1, 5)}
    assert "Starfield Services Root Certificate Authority - G2" in names
    assert len(authorities["all"]) > 100


def _authorities(file: Path) -> set[tuple[str, str]]:
    """Return the organization and the name of each authority in a file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    subjects: list[Any] = [each["subject"] for each in context.get_ca_certs()]
    names = [dict(member for part in subject for member in part) for subject in subjects]
    return {
        (
            each.get("organizationName", ""),
            each.get("commonName") or each.get("organizationalUnitName", ""),
        )
        for each in names
    }


def test_botocore_contains_only_the_used_service_models(release: Path) -> None:
    data = release / "DependenciesLayer" / "python" / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_the_service_models_equal_those_of_botocore_without_documentation(
    release: Path, service: str
) -> None:
    shipped, whole = _loader(release), botocore.loaders.Loader()
    assert shipped.determine_latest_version(service, "service-2") == (
        whole.determine_latest_version(service, "service-2")
    )
    for kind in ("service-2", "endpoint-rule-set-1", "paginators-1"):
        model = shipped.load_service_model(service, kind)
        assert _without_texts(model) == _without_texts(whole.load_service_model(service, kind))
        shown = json.dumps(model).replace('"documentation": ""', "")
        assert '"documentation": "' not in shown


@pytest.mark.parametrize("service", SERVICES)
def test_botocore_finds_the_texts_of_parameters_that_it_reads(release: Path, service: str) -> None:
    names = []
    for loader in (_loader(release), botocore.loaders.Loader()):
        model = ServiceModel(loader.load_service_model(service, "service-2"), service)
        names.append([each.name for each in model.client_context_parameters])
    assert names[0] == names[1]


@pytest.mark.parametrize("service", SERVICES)
def test_the_endpoints_of_every_region_equal_those_of_botocore(release: Path, service: str) -> None:
    model = botocore.loaders.Loader().load_service_model(service, "service-2")
    service = model["metadata"]["endpointPrefix"]
    shipped, whole = (
        botocore.regions.EndpointResolver(loader.load_data("endpoints"))
        for loader in (_loader(release), botocore.loaders.Loader())
    )
    partitions = whole.get_available_partitions()
    regions = {
        region for name in partitions for region in whole.get_available_endpoints(service, name)
    }
    assert len(regions) > 30
    for region in regions:
        expected = whole.construct_endpoint(service, region)
        assert shipped.construct_endpoint(service, region) == expected


def _loader(release: Path) -> botocore.loaders.Loader:
    data = release / "DependenciesLayer" / "python" / "botocore" / "data"
    return botocore.loaders.Loader(
        extra_search_paths=[str(data)], include_default_search_paths=False
    )


def _without_texts(tree: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the tree without its documentation: every text with the name `documentation`."""
    if isinstance(tree, dict):
        return {
            name: _without_texts(each)
            for name, each in tree.items()
            if not (name == "documentation" and isinstance(each, str))
        }
    return [_without_texts(each) for each in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_needs_only_the_layers(host_layers: Path, function: str) -> None:
    layers = [str(host_layers / layer / "python") for layer in LAYERS]
    run(
        *(sys.executable, "-B", "-I", "-S", "-c", IMPORT_ALONE),
        *(str(FUNCTIONS[function]), *layers),
        TABLE_NAME="orders",
        EVENT_BUS_NAME="triggers",
        IMPORT_FILES_BUCKET="files",
        IMPORT_FILES_STATE_MACHINE_ARN="arn:aws:states:us-east-1:123456789012:stateMachine:files",
        POWERTOOLS_SERVICE_NAME="test",
        POWERTOOLS_METRICS_NAMESPACE="Test",
        LOG_LEVEL="INFO",
    )
