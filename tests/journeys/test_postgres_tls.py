"""A ledger that reaches its database over an encrypted connection, and trusts only its certificate."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ledger_rows import offer, push
from support.ports import free_port
from support.postgres_cluster import DURABLE, running_cluster
from support.postgres_ledger import postgres_ledger
from tactful.runtime.ports.ledger import LedgerError


def certificate(folder: Path, name: str) -> Path:
    """A certificate of `localhost` that signs itself; its key lies beside it."""
    made = folder / f"{name}.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", str(made), "-keyout",
         str(made.with_suffix(".key"))],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def encrypted() -> Iterator[tuple[str, Path]]:
    """The address of a database that is reached over TLS, and a folder with certificates."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing")
    folder = Path(tempfile.mkdtemp(prefix="pgt-", dir="/tmp"))
    shown = certificate(folder, "shown")
    certificate(folder, "other")
    folder.chmod(0o755)
    key = shown.with_suffix(".key")
    key.chmod(0o600)
    port = free_port()
    try:
        with contextlib.suppress(LookupError, PermissionError):
            shutil.chown(key, "postgres")
        with running_cluster(
            *DURABLE, f"port={port}", "listen_addresses=localhost", "ssl=on",
            f"ssl_cert_file={shown}", f"ssl_key_file={key}",
        ) as cluster:  # fmt: skip
            cluster.sql("postgres", "CREATE DATABASE shop")
            yield f"postgresql://tactful@localhost:{port}/shop", folder
    finally:
        shutil.rmtree(folder)


async def test_the_certificate_is_verified_and_the_connection_encrypted(
    encrypted: tuple[str, Path],
) -> None:
    address, folder = encrypted
    ledger = postgres_ledger(f"{address}?sslmode=verify-full&sslrootcert={folder}/shown.crt")
    await ledger.open()
    try:
        assert await ledger.commit(push(offer("of_1"))) is None
        sql = "SELECT count(*) FROM pg_stat_ssl WHERE ssl"
        ((encrypted_now,),) = await ledger._read(sql)
        assert encrypted_now >= 2
    finally:
        await ledger.close()


async def test_another_certificate_is_refused_with_advice(encrypted: tuple[str, Path]) -> None:
    address, folder = encrypted
    ledger = postgres_ledger(f"{address}?sslmode=verify-full&sslrootcert={folder}/other.crt")
    with pytest.raises(LedgerError, match="compare sslmode and the certificates"):
        await ledger.open()
