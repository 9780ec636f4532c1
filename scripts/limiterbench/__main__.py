"""`python3 -m limiterbench run|plot|report`."""

import sys

from limiterbench.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
