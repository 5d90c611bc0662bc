"""Write the OpenAPI description that the hub publishes, and a Postman collection of it.

`python -m tools.api_contract` writes both files. `python -m tools.api_contract release` also saves
the description as the released one, with which later descriptions must stay compatible.
"""

import argparse
import json

from tools.api_contract.document import document
from tools.api_contract.files import (
    DESCRIPTION,
    POSTMAN_COLLECTION,
    RELEASED,
    written,
    written_by_part,
)
from tools.api_contract.postman import export_collection


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.api_contract", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=["write", "release"], default="write")
    verb = parser.parse_args().verb
    DESCRIPTION.write_text(written(document()), encoding="utf-8")
    POSTMAN_COLLECTION.write_text(written(export_collection(DESCRIPTION)), encoding="utf-8")
    if verb == "release":
        released = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
        RELEASED.write_text(written_by_part(released), encoding="utf-8")


if __name__ == "__main__":
    main()
