"""The name of a server, which its data folder keeps, and the digest of the folder."""

import hashlib
import secrets
import socket
from pathlib import Path
from typing import Final

NAME_FILE: Final = "server-name"
"""The file of a data folder with the name under which its server takes a database over."""


def server_name(folder: Path) -> str:
    """Return the name of the server of a data folder, which is made once.

    One process at a time holds the folder, so a restart need not wait for its own lease. The name of
    the machine would not do: containers of one service may share it.
    """
    file = folder / NAME_FILE
    if not file.exists():
        file.write_text(secrets.token_hex(8), "ascii")
    return file.read_text("ascii")


def folder_digest(folder: Path) -> str:
    """Return what differs between a data folder and every copy of it.

    A copy of the folder has the same name in it, but lies elsewhere: on another machine, or in another
    file with an inode of its own.
    """
    server_name(folder)
    stat = (folder / NAME_FILE).stat()
    place = f"{socket.gethostname()} {stat.st_dev} {stat.st_ino} {stat.st_ctime_ns}"
    return hashlib.sha256(place.encode()).hexdigest()[:32]
