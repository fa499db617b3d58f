"""The sheets of the page Gallery, made by the commands that the page shows.

python docs/gallery.py              # writes pages/images/gallery/*.png; takes minutes
"""

import re
import shlex
import tempfile
from pathlib import Path

import imageio.v3 as imageio

from rodent.cli import main as rodent

PAGES = Path(__file__).parent / "pages"
SIZE = ("--size", "320x240")


def commands(page: Path) -> list[list[str]]:
    """The words of every command of the page that makes a recording or a sheet."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith(("rodent rollout", "rodent render"))]


def main(page: Path, folder: Path) -> None:
    """Run the commands of the page, and keep the sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for words in commands(page):
            at = [f"{place}/{word}" if word.endswith((".h5", ".png")) else word for word in words]
            if rodent([*at, *(SIZE if words[0] == "render" else ())]):
                raise SystemExit(f"failed: rodent {shlex.join(words)}")
        for sheet in Path(place).glob("*.png"):
            imageio.imwrite(folder / sheet.name, imageio.imread(sheet))


if __name__ == "__main__":
    main(PAGES / "gallery.md", PAGES / "images" / "gallery")
