"""The mapping files that come with Tactful, and those of a shop."""

from importlib import resources
from pathlib import Path

from tactful.connectors.desks.mapping_file import ReadMapping, read_mapping_file


class UnknownMappingError(Exception):
    """There is no mapping file with this name; the message names those that there are."""


def ready_made() -> tuple[str, ...]:
    """Return the names of the mapping files that come with Tactful, sorted."""
    folder = resources.files(__package__).joinpath("ready_made")
    return tuple(sorted(one.name[: -len(".yaml")] for one in folder.iterdir()))


def mapping_text(name: str) -> str:
    """Return the text of a mapping file that comes with Tactful, or else of a file of that name.

    Raises:
        UnknownMappingError: There is neither.
    """
    if name in ready_made():
        folder = resources.files(__package__).joinpath("ready_made")
        return folder.joinpath(f"{name}.yaml").read_text("utf-8")
    try:
        return Path(name).read_text("utf-8")
    except (OSError, ValueError) as error:
        names = ", ".join(ready_made())
        raise UnknownMappingError(
            f"{name} cannot be read as a mapping file: {error}. Name a YAML file, or one of {names}."
        ) from error


def load_mapping(name: str) -> ReadMapping:
    """Return a mapping by the name of a ready-made one, or of a file.

    Raises:
        UnknownMappingError: There is no such mapping.
        MappingError: The file cannot be used.
    """
    return read_mapping_file(mapping_text(name), name)
