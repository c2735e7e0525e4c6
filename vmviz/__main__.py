"""`python -m vmviz`: the same as the command `vmviz`."""

import sys

from vmviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
