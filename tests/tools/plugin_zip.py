"""Writes the WooCommerce plugin as a zip, as WordPress installs it: `make build`.

The same sources give the same bytes: files are sorted, and have one date and one mode.
"""

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "server" / "bridges" / "woocommerce"
NAME = "tactful-woo"
MODE = 0o100644
EPOCH = (1980, 1, 1, 0, 0, 0)


def write_plugin_zip(folder: Path) -> Path:
    """Write the zip into a folder, which is made if need be, and return its path."""
    header = (PLUGIN / "tactful-woo.php").read_text("utf-8")
    version = re.search(r"^ \* Version: (.+)$", header, re.MULTILINE)
    if version is None:
        raise ValueError("tactful-woo.php lacks the line `Version:` in its header.")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{NAME}-{version[1]}.zip"
    files = {path.relative_to(PLUGIN).as_posix(): path for path in PLUGIN.rglob("*")}
    files["LICENSE"] = ROOT / "LICENSE"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            if files[name].is_file():
                entry = zipfile.ZipInfo(f"{NAME}/{name}", EPOCH)
                entry.external_attr = MODE << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, files[name].read_bytes())
    return target


if __name__ == "__main__":
    print(write_plugin_zip(Path(sys.argv[1])))
