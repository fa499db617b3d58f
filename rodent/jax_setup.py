"""How this project uses JAX: compiled functions are kept between runs."""

import os
from pathlib import Path


def cache_compilations() -> None:
    """Keep compiled functions on disk, in `$XDG_CACHE_HOME/virtual-rodent/jax`.

    `JAX_COMPILATION_CACHE_DIR` names another place.
    """
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(home / "virtual-rodent" / "jax"))
    # small functions are many here, and each costs at the start
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
