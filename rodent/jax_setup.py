"""How this project uses JAX: compiled functions are kept between runs."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Where compiled functions are kept: `JAX_COMPILATION_CACHE_DIR`, else below `XDG_CACHE_HOME`."""
    if folder := os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return Path(folder)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "virtual-rodent" / "jax"


def cache_compilations() -> None:
    """Keep compiled functions on disk, see `cache_folder`.

    Those that took 0.1 s to compile, or what `JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS` says.
    """
    import jax

    jax.config.update("jax_compilation_cache_dir", str(cache_folder()))
    # small functions are many here, and each costs at the start
    least = float(os.environ.get("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", least)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
