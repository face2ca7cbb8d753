"""Runs the command line as `python -m assuage`."""

from assuage.cli import main

if __name__ == "__main__":
    main()
