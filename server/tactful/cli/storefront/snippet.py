"""The command `tactful snippet`, which prints the script tag for a shop's pages."""

import base64
import hashlib
import re
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from tactful.cli.shared.data_folder import KEYS_FOLDER
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, read_as, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text
from tactful.config import Config
from tactful.config.values import territory as territory_type
from tactful.runtime.system_clock import SystemClock

_PINNED: Final = re.compile(r"v\d+\.\d+\.\d+\.js", re.ASCII)
"""Name of a file that has all parts of the widget in it; `v1.2.3-doctor.js` is only a part."""
_EXAMPLE = """
\b
Examples:
  tactful snippet --public-url https://offers.shop.example --territory DE
  tactful snippet --pinned        # the file of one version, with its hash
  tactful snippet --doctor https://shop.example/products/aero-runner
"""


@click.command(epilog=_EXAMPLE)
@click.option(
    "--territory",
    metavar="CODE",
    callback=read_as(territory_type()),
    help="Territory of these pages, such as DE.",
)
@click.option(
    "--pinned",
    is_flag=True,
    help="Use the file of this version with its hash (Subresource Integrity).",
)
@click.option(
    "--doctor",
    metavar="URL",
    help="Print instead a link to this page, with a doctor pass for it that is valid for 30 minutes.",
)
@setting_options("public_url", "default_territory", "data")
@json_option
def snippet(
    *,
    territory: str | None,
    pinned: bool,
    doctor: str | None,
    json_output: bool,
    **options: Any,
) -> None:
    """Print the script tag for the storefront, and what its Content-Security-Policy must allow."""
    config = load_config(options)
    if doctor is not None:
        link = doctor_link(doctor, config)
        if json_output:
            print_json({"link": link})
        else:
            print_text(link)
            print_text(
                "\nOpen it, and call tactful('doctor') in the browser's console. For 30 minutes "
                "the link lets a person ask why items have no offer.",
                err=True,
            )
        return
    script = newest_versioned_file() if pinned else None
    name = script.name if script else "v1.js"
    url = f"{config.own_url}/widget/{name}"
    tag = script_tag(url, territory or config.default_territory, integrity_hash(script))
    policy = content_security_policy(config.own_url)
    shown = {
        "tag": tag,
        "csp": policy,
        "integrity": integrity_hash(script),
    }
    if json_output:
        print_json(shown)
        return
    print_text(tag)
    print_text("\nIf the pages have a Content-Security-Policy, it must allow:", err=True)
    print_text(policy)
    if script is None:
        print_text(
            "\nThis file changes with each version. --pinned names one that never changes.",
            err=True,
        )


def script_tag(url: str, territory: str | None, integrity: str | None) -> str:
    """Return the HTML of the script tag.

    Args:
        url: URL of the script.
        territory: Territory of the pages, if they name one.
        integrity: Hash of the file, as `integrity_hash` returns it; None: browsers check none.
    """
    attributes = [f'src="{escape(url)}"']
    if integrity:
        attributes.append(f'integrity="{integrity}" crossorigin="anonymous"')
    if territory:
        attributes.append(f'data-territory="{escape(territory)}"')
    return f"<script async {' '.join(attributes)}></script>"


def doctor_link(url: str, config: Config) -> str:
    """Return a page's URL with a doctor pass in its fragment, which browsers send to no server.

    Args:
        url: URL of the page.
        config: Settings with the shop's data folder, whose keys sign the pass.

    Raises:
        CommandError: `url` is not an http or https URL, or there are no keys to sign with.
    """
    from tactful.runtime.security.doctor_pass import FRAGMENT, issue_pass
    from tactful.runtime.security.key_files import KeyFileError
    from tactful.runtime.security.signing_keys import SigningKeys

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise CommandError(f"--doctor: {url!r} is not an http(s) URL. Write the page's full URL.")
    if config.data is None or not (config.data / KEYS_FOLDER).is_dir():
        raise CommandError(
            "A doctor pass is signed with the shop's keys. Name the server's data folder with --data."
        )
    clock = SystemClock()
    with exit_on(KeyFileError):
        keys = SigningKeys(config.data / KEYS_FOLDER, clock)
        origin = f"{parts.scheme}://{parts.netloc}"
        token = issue_pass(keys, origin, clock.now())
    return f"{url.partition('#')[0]}#{FRAGMENT}={token}"


def content_security_policy(url: str) -> str:
    """Return the Content-Security-Policy directives for the widget's script and its connection."""
    parts = urlsplit(url)
    here = f"{parts.scheme}://{parts.netloc}"
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    return f"script-src {here}; connect-src {here} {socket}"


def newest_versioned_file() -> Path:
    """Return the path of the newest versioned script of this build.

    Raises:
        CommandError: The build has no versioned script.
    """
    from tactful.api.widget_files import widget_folder

    found = [path for path in widget_folder().iterdir() if _PINNED.fullmatch(path.name)]
    if not found:
        raise CommandError("This build has no versioned widget file. Leave out --pinned.")
    return max(found, key=lambda path: [int(part) for part in path.stem[1:].split(".")])


def integrity_hash(script: Path | None) -> str | None:
    """Return a file's SHA-384 as the attribute `integrity` has it (W3C Subresource Integrity)."""
    if script is None:
        return None
    return "sha384-" + base64.b64encode(hashlib.sha384(script.read_bytes()).digest()).decode()
