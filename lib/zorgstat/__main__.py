"""`python -m zorgstat` is the command `zorgstat`."""

from zorgstat.cli import main

if __name__ == "__main__":
    main()
