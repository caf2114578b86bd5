"""Real proxies in front of a server, with connections to it that many clients share."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from support.ports import free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
needs_haproxy = pytest.mark.skipif(HAPROXY is None, reason="HAProxy is not installed")
KEPT = 4
"""Connections to the server that a proxy keeps open and gives to the client that comes next."""
HAPROXY_CONFIGURATION = """
global
    maxconn 512
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    option forwardfor
    http-reuse always
frontend shop
    bind 127.0.0.1:{port}
    default_backend tactful
backend tactful
    server one 127.0.0.1:{server} maxconn 64 pool-max-conn {kept} pool-purge-delay 30s
"""
NGINX_CONFIGURATION = """
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
        NGINX_CONFIGURATION.format(
            folder=folder,
            server=server,
            port=port,
            kept=KEPT,
            buffering="on" if buffering else "off",
        )
    )
    assert NGINX is not None
    command = (NGINX, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(path))
    async with _running(command, port):
        yield port


@asynccontextmanager
async def haproxy_before(server: int, folder: Path) -> AsyncIterator[int]:
    """Run HAProxy in front of a port; yield its own port.

    Args:
        server: The port of the server.
        folder: A folder for HAProxy's configuration.
    """
    port = free_port()
    path = folder / "haproxy.cfg"
    path.write_text(HAPROXY_CONFIGURATION.format(server=server, port=port, kept=KEPT))
    assert HAPROXY is not None
    async with _running((HAPROXY, "-db", "-q", "-f", str(path)), port):
        yield port


@asynccontextmanager
async def _running(command: Sequence[str], port: int) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    try:
        await _listening(port, process)
        yield
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        while True:
            assert process.returncode is None, "the proxy did not start"
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)
