"""A real nginx in front of a server, with connections to it that many clients share."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
KEPT = 4
"""Connections to the server that nginx keeps open and gives to whichever client comes next."""
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream tactful {{
        server 127.0.0.1:{server};
        keepalive {kept};
        keepalive_requests 100000;
    }}
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port};
        keepalive_requests 100000;
        location / {{
            proxy_pass http://tactful;
            proxy_http_version 1.1;
            proxy_request_buffering {buffering};
            proxy_buffering off;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""


@asynccontextmanager
async def nginx_before(server: int, folder: Path, *, buffering: bool = True) -> AsyncIterator[int]:
    """Run nginx in front of a port; yield its own port.

    Args:
        server: The port of the server.
        folder: An empty folder for nginx's files.
        buffering: Whether nginx reads a whole body before it passes it on.
    """
    port = free_port()
    path = folder / "nginx.conf"
    path.write_text(
        CONFIGURATION.format(
            folder=folder,
            server=server,
            port=port,
            kept=KEPT,
            buffering="on" if buffering else "off",
        )
    )
    assert NGINX is not None
    process = await asyncio.create_subprocess_exec(
        NGINX, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(path),
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        await _listening(port, process)
        yield port
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        while True:
            assert process.returncode is None, "nginx did not start"
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)
