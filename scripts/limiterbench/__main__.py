"""`python3 scripts/limiterbench run|plot|report`, from any directory."""

import os
import sys
from os.path import abspath, dirname

# numpy's OpenBLAS starts a thread for each CPU when it is loaded. Nothing here is large enough to
# need them, and a process with threads cannot share its work between forks.
os.environ["OPENBLAS_NUM_THREADS"] = "1"


def _current_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


if __name__ == "__main__":
    # Python looks first into this folder, or with -m into the current directory, if that exists.
    # Files there can have the name of a module that is meant.
    if sys.path[0] in ("", dirname(abspath(__file__)), _current_directory()):
        del sys.path[0]
    sys.path.insert(0, dirname(dirname(abspath(__file__))))

    from limiterbench.cli import main

    sys.exit(main(sys.argv[1:]))
