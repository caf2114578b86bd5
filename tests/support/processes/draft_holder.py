"""A process that holds a draft in a data folder until it is killed."""

from multiprocessing.connection import Connection
from pathlib import Path

from tactful.stores.shared.draft_folder import draft_folder, partial_file


def hold_draft(data: Path, target: Path, ready: Connection) -> None:
    """Begin a draft and a file elsewhere, report it, and wait for the end."""
    with draft_folder(data) as draft, partial_file(draft, target) as partial:
        (draft / "tactful.db").write_bytes(b"copy")
        partial.write_bytes(b"unfinished")
        ready.send(None)
        ready.recv()
