"""A new rule file of an operator: checked before it is written, active afterwards."""

import asyncio
import os
import secrets
from pathlib import Path

from tactful.core.values.phrases import phrase
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime import operators
from tactful.runtime.services.rule_source_folder import RulesUnreadableError, read_rule_sources
from tactful.runtime.shop import Shop


class RefusedRuleFileError(Exception):
    """A rule file that is not written; the message says why, and what to do."""


async def add_rule_file(shop: Shop, name: str, text: str, operator: str) -> None:
    """Write a new file into the rules folder, and activate it.

    The file is checked together with those that are there, so that a mistake never reaches the folder.

    Args:
        shop: The shop.
        name: File name, such as `first-offer.yaml`.
        text: The rule file.
        operator: Name of the operator, for the audit log.

    Raises:
        RefusedRuleFileError: The shop has no rules folder, the folder cannot be read or written, a file
            of this name exists, or the rules would have errors.
        LedgerError: The new version is not recorded; the old one stays active.
    """
    folder = shop.settings.rules
    if folder is None:
        raise RefusedRuleFileError(
            "The server has no rules folder. Name one in the setting `rules`, restart the server, and "
            "save the text there."
        )
    try:
        sources = await asyncio.to_thread(read_rule_sources, folder)
    except RulesUnreadableError as error:
        raise RefusedRuleFileError(
            phrase("{why} Create it, and try again.", why=str(error))
        ) from None
    compiled = await asyncio.to_thread(
        compile_rulebook,
        [*sources, RuleSource(name, text.encode())],
        now=shop.clock.now(),
        policy=shop.settings.policy,
        trial_starts=await shop.ledger.trial_starts(),
    )
    if compiled.rulebook is None:
        first = compiled.diagnostics[0]
        raise RefusedRuleFileError(
            phrase("The rules would have an error. {error}", error=str(first))
        )
    try:
        await asyncio.to_thread(_write, folder, name, text)
    except FileExistsError:
        raise RefusedRuleFileError(
            phrase("The rules folder has a file {name} already. Choose another id.", name=name)
        ) from None
    except OSError as error:
        raise RefusedRuleFileError(
            phrase(
                "The server cannot write into its rules folder ({error}). Save the text there yourself, "
                "as {name}.",
                error=error.strerror,
                name=name,
            )
        ) from None
    await operators.reload_rules(shop, operator, cause=f"{name} added")


def _write(folder: Path, name: str, text: str) -> None:
    """Write a complete file in one step.

    Raises:
        FileExistsError: There is a file of this name.
        OSError: The file cannot be written.
    """
    draft = folder / f".{secrets.token_hex(8)}.draft"  # files with a dot are not read
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        (folder / name).hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
