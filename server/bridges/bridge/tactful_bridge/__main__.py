"""The command `python -m tactful_bridge pair CODE`, which prints a shop's settings."""

import argparse
import shlex
import sys
from collections.abc import Sequence

from tactful_bridge.errors import BridgeError
from tactful_bridge.pairing import pair


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code: 0, or 1 if there is no pairing.

    Args:
        arguments: The words after the program's name.
    """
    parser = argparse.ArgumentParser(prog="python -m tactful_bridge")
    commands = parser.add_subparsers(required=True)
    pairing = commands.add_parser(
        "pair", help="Use a code of `tactful keys pair`, and print the settings of the shop."
    )
    pairing.add_argument("code", help="the line that `tactful keys pair` printed")
    pairing.add_argument("--shop", default="", help="origin of the shop's pages")
    given = parser.parse_args(arguments)
    try:
        found = pair(given.code, given.shop)
    except (BridgeError, ValueError) as error:
        sys.stderr.write(f"Not paired: {error}\n")
        return 1
    settings = {
        "TACTFUL_URL": found.url,
        "TACTFUL_SERVER_KEY": found.key,
        "TACTFUL_IDENTITY_KEY": found.identity_key,
    }
    for name, value in settings.items():
        sys.stdout.write(f"{name}={shlex.quote(value)}\n")
    if found.is_origin_allowed is False:
        sys.stderr.write(f"Add {given.shop} to the server's setting TACTFUL_ORIGINS.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
