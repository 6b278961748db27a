"""``python -m coconet_med`` is ``coconet-med``."""

from coconet_med.commands.main import main

if __name__ == "__main__":
    main()
