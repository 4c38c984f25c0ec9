"""``python -m layerfold`` is the command ``layerfold``."""

from layerfold.cli.main import main

if __name__ == "__main__":
    main()
