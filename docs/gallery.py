"""The pictures and films of the page Gallery, made by the commands that the page shows.

python docs/gallery.py              # writes pages/images/gallery; takes minutes
"""

import re
import shlex
import shutil
import tempfile
from pathlib import Path

from rodent.cli import main as rodent

PAGES = Path(__file__).parent / "pages"
SIZE = ("--size", "320x240")
"""Of those for which the page gives none."""
DRAWN = (".png", ".gif")


def commands(page: Path) -> list[list[str]]:
    """The words of every command of the page that makes a recording, a picture or a film."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith(("rodent rollout", "rodent render"))]


def main(page: Path, folder: Path) -> None:
    """Run the commands of the page, and keep what they draw."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for words in commands(page):
            at = [f"{place}/{word}" if word.endswith((".h5", *DRAWN)) else word for word in words]
            if rodent([*at, *(SIZE if words[0] == "render" and "--size" not in words else ())]):
                raise SystemExit(f"failed: rodent {shlex.join(words)}")
        for path in Path(place).iterdir():
            if path.suffix in DRAWN:
                shutil.copy(path, folder)


if __name__ == "__main__":
    main(PAGES / "gallery.md", PAGES / "images" / "gallery")
