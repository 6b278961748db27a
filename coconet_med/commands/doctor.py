"""``coconet-med doctor``: what is installed, and what is missing."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from coconet_med.system.printable import printable


def doctor(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Say what is installed, which engine is used, and what is missing, with the remedy."""
    from coconet_med.commands.installation import examine, to_text

    findings = examine()
    typer.echo(json.dumps(findings, indent=2) if as_json else printable(to_text(findings), keep="\n"))
