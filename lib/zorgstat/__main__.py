"""The command `zorgstat`, and `python -m zorgstat`: Ctrl-C is heard before anything else is there to hear it."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    try:
        from zorgstat import cli
    except KeyboardInterrupt:
        print("zorgstat: stopped:\n  Ctrl-C. Nothing was done.", file=sys.stderr)
        raise SystemExit(130) from None
    cli.main()


if __name__ == "__main__":
    main()
