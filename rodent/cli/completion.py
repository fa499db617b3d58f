"""`rodent completion`: commands and options completed by the shell."""

import contextlib
import dataclasses
import importlib
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Completion:
    """Print a script with which a shell completes the commands and options of `rodent`.

    Write it to the file that the shell reads: ~/.local/share/bash-completion/completions/rodent for bash,
    _rodent in a folder of fpath for zsh, ~/.config/fish/completions/rodent.fish for fish.

    Example: rodent completion --shell bash
    """

    shell: Literal["bash", "zsh", "fish"]
    """The shell."""

    def run(self) -> None:
        """Print the script."""
        # the whole command line, which is made of this command, too
        main = importlib.import_module("rodent.cli").main
        # tyro exits when it has printed the script
        with contextlib.suppress(SystemExit):
            main(["--tyro-print-completion", self.shell])
