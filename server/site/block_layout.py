"""Lays out the blocks of a manual as the documentation site's Markdown needs them.

The manuals are CommonMark, which the repository's own pages and editors show. The site reads a stricter Markdown: what
belongs to an item of a list is indented by four spaces, lists and tables follow an empty line, and a fence names its
language alone. Otherwise an item loses its code block, and the steps after it become one paragraph. A bar in the code
of a table stands without the backslash that CommonMark wants.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

_FENCE = re.compile(r"(`{3,}|~{3,})\s*([^\s`{]*)[^`]*$")
_ITEM = re.compile(r"([-*+]|\d{1,9}[.)])( {1,4})(?=\S)")
_CODE = re.compile(r"(`+)[^`].*?\1(?!`)")
_DELIMITER = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?$")


def laid_out(lines: Iterable[str]) -> list[str]:
    """Return the lines of a manual with blocks as the site reads them."""
    layout = _Layout()
    for line, following in pairwise([*lines, ""]):
        layout.add(line, following)
    return layout.lines


def _with_plain_bars(code: re.Match[str]) -> str:
    """Code in a cell of a table, in which the site reads a bar as itself."""
    return code[0].replace("\\|", "|")


@dataclass
class _Layout:
    """The lines so far, and what is open after them.

    `columns`: for each open item of a list, the column at which its content begins in the manual.
    `code_column`: the column of the open fence.
    `starts_with_item`: whether the lines since the last empty one begin with an item.
    """

    lines: list[str] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    fence: str = ""
    code_column: int = 0
    in_table: bool = False
    starts_with_item: bool = False

    def add(self, line: str, following: str) -> None:
        """Lay out one line."""
        if self.fence:
            self._add_code(line)
            return
        if not line.strip():
            self.in_table = False
            self._part()
            return
        text = self._within_items(line)
        fence, item = _FENCE.match(text), _ITEM.match(text)
        if fence:
            self.fence, self.code_column = fence[1], len(line) - len(text)
            self._put(fence[1] + fence[2])
        elif item:
            if not self.starts_with_item:
                self._part()
            self.starts_with_item = True
            self._put(f"{item[1]} {text[item.end() :]}")
            self.columns.append(len(line) - len(text) + item.end())
        else:
            is_head = "|" in text and _DELIMITER.match(following.strip()) is not None
            if (is_head and not self.in_table) or text.startswith("#"):
                self._part()
            self.in_table = is_head or (self.in_table and "|" in text)
            self._put(_CODE.sub(_with_plain_bars, text) if self.in_table else text)

    def _add_code(self, line: str) -> None:
        text = line[min(self.code_column, len(line) - len(line.lstrip())) :]
        if text.rstrip() == self.fence:
            self.fence = ""
        self._put(text)

    def _within_items(self, line: str) -> str:
        """End the items that a line does not belong to; return the line without their indentation."""
        text = line.lstrip()
        indent = len(line) - len(text)
        is_lazy = self._follows_text() and not (
            _ITEM.match(text) or _FENCE.match(text) or text.startswith("#")
        )
        was_in_list = bool(self.columns)
        while self.columns and indent < self.columns[-1] and not is_lazy:
            self.columns.pop()
        if was_in_list and not self.columns and not _ITEM.match(text):
            self._part()
        column = self.columns[-1] if self.columns else 0
        return text if indent < column + 4 else line[column:]

    def _follows_text(self) -> bool:
        return bool(self.lines and self.lines[-1])

    def _part(self) -> None:
        """End a block with an empty line."""
        if self._follows_text():
            self.lines.append("")
        self.starts_with_item = False

    def _put(self, text: str) -> None:
        self.lines.append("    " * len(self.columns) + text if text else "")
