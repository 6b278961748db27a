"""``python -m coconet_med`` is ``coconet-med``."""

from coconet_med.commands.main import process

if __name__ == "__main__":
    process()
