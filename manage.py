#!/usr/bin/env python
"""Django's command line for Amplisso."""

import os
import sys


def main() -> int:
    """Run the command named on the command line with Amplisso's settings; return its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amplisso.settings")
    from amplisso.command_line import run

    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
