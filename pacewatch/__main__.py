"""``python -m pacewatch``."""

from pacewatch.cli import main

if __name__ == "__main__":
    main()
