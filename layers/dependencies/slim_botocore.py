"""Remove botocore data that the functions do not need. It makes each cold start slower.

    python slim_botocore.py <botocore data folder> <service>...

Only the models and endpoints of the given services remain, without documentation texts.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

type Tree = dict[str, Any]
UNUSED = "examples-1.json"


def main(data: Path, services: list[str]) -> None:
    """Remove the data of other services from the folder, and compact the rest."""
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    for service in services:
        current, *older = sorted((data / service).iterdir(), reverse=True)
        for version in older:
            shutil.rmtree(version)
        (current / UNUSED).unlink(missing_ok=True)
        for packed in current.glob("*.json.gz"):
            tree = json.loads(gzip.decompress(packed.read_bytes()))
            packed.unlink()
            _write(packed.with_suffix(""), without_documentation(tree))
    endpoints = data / "endpoints.json"
    names = [_name_of_endpoints(data / service) for service in services]
    _write(endpoints, with_services(json.loads(endpoints.read_text(encoding="utf-8")), names))


def _name_of_endpoints(service: Path) -> str:
    """Return the name that the list of endpoints has for a service: it can differ."""
    [model] = service.glob("*/service-2.json")
    name: str = json.loads(model.read_text(encoding="utf-8"))["metadata"]["endpointPrefix"]
    return name


def without_documentation(model: Tree) -> Tree:
    """Return a service model without documentation. Members named `documentation` are kept."""
    for described in _described(model):
        described.pop("documentation", None)
    for parameter in model.get("clientContextParams", {}).values():
        # botocore reads the text of these parameters, which only S3 has.
        parameter["documentation"] = ""
    return model


def _described(model: Tree) -> Iterator[Tree]:
    yield model
    yield from model.get("parameters", {}).values()
    yield from model.get("clientContextParams", {}).values()
    yield from model.get("operations", {}).values()
    for operation in model.get("operations", {}).values():
        yield from operation.get("errors", ())
        yield from (operation[side] for side in ("input", "output") if side in operation)
    for shape in model.get("shapes", {}).values():
        yield shape
        yield from shape.get("members", {}).values() if shape["type"] == "structure" else ()
        yield from (shape[part] for part in ("member", "key", "value") if part in shape)


def with_services(endpoints: Tree, services: list[str]) -> Tree:
    """Return the endpoints of these services, for each partition."""
    for partition in endpoints["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in services if name in known}
    return endpoints


def _write(path: Path, tree: Tree) -> None:
    path.write_text(json.dumps(tree, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
