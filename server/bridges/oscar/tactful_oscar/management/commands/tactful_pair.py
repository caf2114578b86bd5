"""`manage.py tactful_pair CODE`: gets the server's address and a key of the shop's own."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tactful_bridge.errors import BridgeError
from tactful_bridge.pairing import pair


class Command(BaseCommand):
    """Uses a one-time code, and writes what it stands for into the file of `PAIRING`."""

    help = "Pair the shop with a Tactful server, with a code of `tactful keys pair`."
    # They warn that the shop is not paired, which this command changes.
    requires_system_checks = ()

    def add_arguments(self, parser: Any) -> None:
        """Declare the arguments."""
        parser.add_argument("code", help="the line that `tactful keys pair` printed")
        parser.add_argument("--shop", default="", help="origin of the shop's pages")

    def handle(self, *args: Any, **options: Any) -> None:
        """Pair, and write the file, which its owner alone can read.

        Raises:
            CommandError: The settings name no file, or the code cannot be used.
        """
        del args
        named = getattr(settings, "TACTFUL", {}).get("PAIRING")
        if not named:
            raise CommandError("TACTFUL lacks the setting 'PAIRING': the file for the keys.")
        file = Path(named)
        # Opened before the code is used, because a code works once.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            try:
                found = pair(options["code"], options["shop"])
            except (BridgeError, ValueError) as error:
                if not file.stat().st_size:
                    file.unlink()
                raise CommandError(f"Not paired: {error}") from error
            paired = {
                "URL": found.url, "SERVER_KEY": found.key, "IDENTITY_KEY": found.identity_key,
            }  # fmt: skip
            stream.truncate()
            json.dump(paired, stream)
        self.stdout.write(f"Paired with {found.url}. Restart the shop.")
        if found.is_origin_allowed is False:
            self.stdout.write(f"Add {options['shop']} to the server's setting TACTFUL_ORIGINS.")
