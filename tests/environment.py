"""The environment of tests and of processes that they start; imported before JAX, which reads it at once.

What tests compile is kept on disk for all workers and processes.
"""

import os

from rodent.jax_setup import cache_folder

COMPILATION = {
    # most of the time of tests is compiling: without optimisations, with XLA's older and simpler code for
    # fused operations, and as one piece, it takes a quarter of the processor time that it takes for users
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1",
}
"""Variables with which functions are compiled in another way than for users."""
ENVIRONMENT = COMPILATION | {
    # one place for compiled functions, whatever home or cache folder a test sets
    "JAX_COMPILATION_CACHE_DIR": str(cache_folder()),
    # however small: reading one takes a tenth of the time of compiling it
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    # other workers use the other cores: a thread that waits for its share of a small matrix wastes one
    "OPENBLAS_NUM_THREADS": "1",
    # memory that threads of a worker have given up is used by others
    "MALLOC_ARENA_MAX": "2",
}
for name, value in ENVIRONMENT.items():
    os.environ.setdefault(name, value)
