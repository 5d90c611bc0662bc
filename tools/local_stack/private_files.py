"""Files and folders that only the user who runs the stack may read: they hold tokens and orders."""

import os
from pathlib import Path
from typing import BinaryIO

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def private_file(path: Path) -> BinaryIO:
    """Open a file for writing, empty. No other user can read it at any time."""
    # An existing file keeps its mode when it is opened, and a link would lead elsewhere.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    return os.fdopen(descriptor, "wb")


def private_folder(path: Path) -> None:
    """Create a folder, with the folders above it, that no other user can open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    path.chmod(FOLDER_MODE)
