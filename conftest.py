"""Settings of all tests, made before torch is imported."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small networks on a busy machine: more threads only wait for each other
