"""Stages the manuals and the references generated from code for the documentation site.

Run by `make site`. A manual stays in its folder; its copy under `.site/docs` lives until the next build. Links between
manuals are rewritten to pages of the site. A link to another file of the repository leads to a page with its text, and
one to a folder to a page that lists its files.
"""

import os
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from api_reference import api_reference
from block_layout import laid_out
from command_reference import command_reference

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDERS = ("", "server", "rules", "widget", "examples", "tests")
"""The folders that have manuals; of the root, only its own files."""
_PASSED = {"node_modules", "__pycache__", "fixtures", "unit", "site", "dist"}
_UNSEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"
_HISTORY = {"CHANGELOG.md"}
"""Pages that the search leaves out: every word is in them, and what holds today is in the manuals."""
_FENCE = re.compile(r"\s*(```|~~~)")
_TARGET = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
_PICTURE = re.compile(
    r"^!\[[^\]]*\]\(((?:tests/journeys/screenshots|server/site/pictures)/[^)]+)\)$"
)
_LANGUAGES = {".py": "python", ".toml": "toml", ".yaml": "yaml", ".json": "json", ".js": "js"}
_LANGUAGES |= {".mjs": "js", ".cjs": "js", ".php": "php", ".html": "html", ".csv": "text"}


class BrokenLinkError(Exception):
    """A link of a manual leads to no file of the repository."""


def manuals() -> Iterator[Path]:
    """The manuals of the repository, as paths relative to its root."""
    for folder in FOLDERS:
        place = ROOT / folder
        for path in sorted(place.glob("*.md") if not folder else place.rglob("*.md")):
            relative = path.relative_to(ROOT)
            if not _PASSED.intersection(relative.parts):
                yield relative


def page_of(manual: Path) -> str:
    """Return the place of a manual's page; the README of a folder is the page of the folder."""
    if manual == Path("README.md"):
        return "readme.md"
    return manual.with_name("index.md").as_posix() if manual.name == "README.md" else str(manual)


class Stage:
    """The folder of pages from which the site is built."""

    def __init__(self, docs: Path) -> None:
        self.docs = docs
        self._pages = {manual: page_of(manual) for manual in manuals()}
        self._files: dict[Path, str] = {}
        self._written: set[Path] = set()
        self.left_out: set[str] = set()
        """Pictures that no test has taken yet."""

    def write(self) -> None:
        """Write every page."""
        for manual, page in self._pages.items():
            text = self._linked((ROOT / manual).read_text("utf-8"), manual, page)
            self._put(page, (_UNSEARCHED if page in _HISTORY else "") + text)
        for path in sorted((HERE / "pages").rglob("*.md")):
            page = path.relative_to(HERE / "pages").as_posix()
            # Their links are written as if the page lay in the root of the repository.
            self._put(page, self._linked(path.read_text("utf-8"), Path("page.md"), page))
        self._put("reference/commands.md", command_reference())
        self._put("reference/api.md", api_reference())
        while waiting := [place for place in self._files if place not in self._written]:
            for place in waiting:
                self._written.add(place)
                is_folder = (ROOT / place).is_dir()
                text = self._folder_page(place) if is_folder else _text_page(place)
                self._put(self._files[place], text)

    def _put(self, page: str, text: str) -> None:
        path = self.docs / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def _linked(self, text: str, manual: Path, page: str) -> str:
        """Return a manual's text with links to pages of the site."""
        lines, fenced = [], False
        for line in text.splitlines():
            if _FENCE.match(line):
                fenced = not fenced
            picture = None if fenced else _PICTURE.match(line)
            if picture and not self._has_picture(picture[1]):
                continue
            lines.append(line if fenced else self._with_targets(line, manual, page))
        return "\n".join(laid_out(lines)) + "\n"

    def _has_picture(self, place: str) -> bool:
        """Copy a picture that a test has taken; return whether it was there."""
        if not (ROOT / place).is_file():
            self.left_out.add(place)
            return False
        (self.docs / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / place, self.docs / place)
        return True

    def _with_targets(self, line: str, manual: Path, page: str) -> str:
        return _TARGET.sub(lambda found: self._target(found[1], manual, page), line)

    def _target(self, target: str, manual: Path, page: str) -> str:
        """Return the target of a link as it must be on the page of the manual."""
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            return target
        place, mark, anchor = target.partition("#")
        there = Path(posixpath.normpath((manual.parent / place).as_posix()))
        relative = os.path.relpath(self._page_at(there, manual), posixpath.dirname(page) or ".")
        return f"{relative}{mark}{anchor}"

    def _page_at(self, place: Path, manual: Path) -> str:
        """Return the page for a place of the repository."""
        own = (HERE / "pages" / place).is_file() or place.parts[0] == "reference"
        if own or _PICTURE.match(f"![]({place})"):
            return place.as_posix()
        for one in (place, place / "README.md"):
            if one in self._pages:
                return self._pages[one]
        if not (ROOT / place).exists():
            message = f"{manual}: the link to {place} leads to nothing."
            raise BrokenLinkError(message)
        name = place.as_posix().replace("/.", "/").lstrip(".")
        return self._files.setdefault(place, f"source/{name}.md")

    def _folder_page(self, place: Path) -> str:
        """Return a page with links to what is in a folder."""
        names = sorted(each.name for each in (ROOT / place).iterdir())
        shown = [name for name in names if not name.startswith((".", "__"))]
        here = posixpath.dirname(self._files[place])
        links = [
            f"- [`{name}`]({os.path.relpath(self._page_at(place / name, place), here)})\n"
            for name in shown
        ]
        return f"# {place}\n\n" + "".join(links)


def _text_page(place: Path) -> str:
    """Return a page with the text of a file."""
    path = ROOT / place
    text = path.read_text("utf-8")
    # The search finds manuals, not sources.
    return (
        f"{_UNSEARCHED}# {place}\n\n~~~~~~ {_LANGUAGES.get(path.suffix, 'text')}\n{text}\n~~~~~~\n"
    )


def main(folder: Path) -> None:
    """Stage the site in a folder."""
    docs = folder / "docs"
    shutil.rmtree(docs, ignore_errors=True)
    stage = Stage(docs)
    stage.write()
    shutil.copy(HERE / "zensical.toml", folder)
    shutil.copytree(HERE / "style", docs / "style")
    if stage.left_out:
        print(
            f"{len(stage.left_out)} pictures are left out; `make test` takes them, with chromium."
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
