"""A django-helpdesk with a database of its own, whose webhooks go to a Tactful server."""

import os
import shutil
import subprocess
import textwrap
from copy import copy
from pathlib import Path
from typing import Self

from support.manual_runner import ROOT
from support.oscar_shop import python

PROJECT = ROOT / "tests" / "platforms" / "ticket_system"
SECRET = "secret-in-the-address"
_BEGINNING = """
    import json, time
    from django.contrib.auth import get_user_model
    from django.db.models.signals import post_save
    from helpdesk.forms import PublicTicketForm
    from helpdesk.models import CustomField, Queue, Ticket
    from helpdesk.update_ticket import update_ticket
"""


class TicketSystem:
    """The help desk. Each command runs in a process of its own, as its workers do."""

    def __init__(self, folder: Path) -> None:
        """Make its database, a queue, and the custom fields that the mapping file reads.

        Args:
            folder: A new folder.
        """
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
        self._folder = folder
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        }
        self._manage("migrate", "-v", "0")
        self._run("""
            get_user_model().objects.create_superuser("staff", "staff@desk.example", "a-password")
            Queue.objects.create(title="Support", slug="support", allow_public_submission=True)
            for name in ("order", "sku", "kind"):
                CustomField.objects.create(name=name, label=name, data_type="varchar", max_length=60,
                    required=False, staff_only=False, ordering=1)
        """)

    def sending_to(self, port: int) -> Self:
        """Return the same help desk, whose webhooks go to the server on a port of this machine."""
        other = copy(self)
        hook = f"http://127.0.0.1:{port}/v1/in/tickets/{SECRET}"
        other._environment = self._environment | {
            "HELPDESK_NEW_TICKET_WEBHOOK_URLS": hook,
            "HELPDESK_FOLLOWUP_WEBHOOK_URLS": hook,
        }
        return other

    def open(self, title: str, text: str, email: str, **fields: str) -> tuple[int, float]:
        """Open a ticket with the public form; return its number and when it was committed.

        The instant is in seconds since the Unix epoch. The webhook is sent after it, inside the request.
        """
        data = {
            "queue": "1", "title": title, "body": text, "priority": "3", "submitter_email": email,
            **{f"custom_{name}": value for name, value in fields.items()},
        }  # fmt: skip
        number, at = self._run(f"""
            stamps = []
            post_save.connect(lambda **_: stamps.append(time.time()), sender=Ticket, weak=False)
            form = PublicTicketForm(hidden_fields=(), readonly_fields=(), data={data!r})
            assert form.is_valid(), form.errors
            ticket = form.save(user=get_user_model().objects.get())
            print(ticket.id, stamps[-1])
        """).split()
        return int(number), float(at)

    def update(self, number: int, status: str) -> None:
        """Change the state of a ticket as its page does; `status`: a name of django-helpdesk."""
        self._run(f"""
            update_ticket(get_user_model().objects.get(), Ticket.objects.get(id={number}),
                new_status=Ticket.{status}_STATUS, comment="By the tests.", public=True)
        """)

    def merge(self, number: int, into: int) -> None:
        """Merge a ticket into another one as the page for it does."""
        self._run(f"""
            ticket = Ticket.objects.get(id={number})
            ticket.merged_to = Ticket.objects.get(id={into})
            ticket.save()
        """)
        self.update(number, "DUPLICATE")

    def _run(self, code: str) -> str:
        text = textwrap.dedent(_BEGINNING) + textwrap.dedent(code)
        return self._manage("shell", "-v", "0", "-c", text)

    def _manage(self, *command: str) -> str:
        done = subprocess.run(
            [python(), "-W", "ignore", "manage.py", *command],
            cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
