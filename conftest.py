"""Settings of all tests and doctests."""

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads: more threads would only wait for each other

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before a test starts CUDA: others want it deterministic

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")
