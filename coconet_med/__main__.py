"""``python -m coconet_med`` is ``coconet-med``."""

from coconet_med.cli import main

if __name__ == "__main__":
    main()
