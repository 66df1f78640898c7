"""numpy's side of the comparison, for matrix products: answers one JSON line per request (protocol: worker.ts)."""

import ctypes
import json
import re
import sys

from serve import serve

try:
    import numpy as np
except ImportError as problem:
    print(json.dumps({"missing": str(problem)}), flush=True)
    sys.exit()


def blas():
    """The BLAS that this numpy loaded, by its own word or else by its file."""
    try:
        with open("/proc/self/maps") as maps:
            files = sorted({m.group(1) for m in re.finditer(r"(/\S*blas\S*\.so\S*)", maps.read())})
    except OSError:
        return "BLAS not known"
    for file in files:
        library = ctypes.CDLL(file)
        for name in ("openblas_get_config", "openblas_get_config64_", "scipy_openblas_get_config64_", "scipy_openblas_get_config"):
            config = getattr(library, name, None)
            if config is not None:
                config.restype = ctypes.c_char_p
                return " ".join(config().decode().split())
    return files[0].rsplit("/", 1)[-1] if files else "BLAS not known"


def matmul(n):
    """[n, n] times [n, n]; the numbers are those of works.ts."""
    i = np.arange(n * n)
    a = (i % 17 - 8).astype(np.float32).reshape(n, n)
    b = (i % 13 - 6).astype(np.float32).reshape(n, n)
    return lambda: a @ b, lambda: float(np.abs(a @ b).mean(dtype=np.float64))


WORKS = {"matmul": matmul}


def one_thread(request):
    if request.get("threads", 1) != 1:
        raise ValueError("numpy's threads are chosen before it starts: one")


serve({"name": "numpy", "version": np.__version__, "details": blas()}, WORKS, one_thread)
