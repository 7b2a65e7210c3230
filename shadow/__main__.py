"""`python -m shadow` is the command `shadow`."""

import sys

from shadow.cli import main

if __name__ == "__main__":
    sys.exit(main())
