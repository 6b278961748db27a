"""What ``coconet-med batch`` prints: its cases before, and how they went after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from coconet_med.errors import OptionError
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from coconet_med.batch import BatchOptions, Case
    from coconet_med.batch.all_cases import BatchResult


def list_cases(
    cases: list[Case], options: BatchOptions, cluster: str | None, jobs: int, cluster_options: dict[str, str]
) -> int:
    """Print what would be done; how many cases could not be."""
    from coconet_med.batch.check import obstacle

    obstacles = {case.id: obstacle(case, options) for case in cases if not case.skip}
    for case in cases:
        what = f"{case.anatomy} + {case.function}" if case.function else f"study {case.anatomy}"
        if case.skip:
            what = f"not taken: {case.skip}"
        elif obstacles[case.id]:
            what = f"cannot be done: {obstacles[case.id]}"
        typer.echo(printable(f"{case.id}: {what}{''.join(f' ({note})' for note in case.notes)}"))
    if cluster == "slurm":
        from coconet_med.batch.dask_cluster import slurm_script

        typer.echo(printable(f"\n{jobs} times:\n{slurm_script(cluster_options)}", keep="\n\t"))
    lacking = sum(bool(text) for text in obstacles.values())
    if lacking:
        typer.echo(f"{lacking} of {len(obstacles)} cases cannot be done", err=True)
    return lacking


def say_how_it_went(result: BatchResult) -> None:
    """Print how many cases came to what, each failure with its reason, and what was written, on standard error."""
    counts: dict[str, int] = {}
    for outcome in result.outcomes:
        word = "not taken" if outcome.status == "skipped" else outcome.status
        counts[word] = counts.get(word, 0) + 1
    typer.echo(", ".join(f"{count} {status}" for status, count in counts.items()), err=True)
    for outcome in result.failures:
        typer.echo(printable(f"  {outcome.id}: {outcome.status}: {outcome.error}"), err=True)
    if left := result.leftover:
        named = ", ".join(outcome.id for outcome in left[:5]) + (", ..." if len(left) > 5 else "")
        typer.echo(
            printable(f"{len(left)} of earlier runs lie there, too, and are no cases of this one: {named}"), err=True
        )
    for path in result.files:
        typer.echo(printable(f"wrote {path}"), err=True)


def key_values(texts: list[str] | None) -> dict[str, str]:
    """What ``KEY=VALUE`` texts of ``--cluster-option`` say.

    Raises:
        OptionError: a text has no such form.
    """
    pairs = {}
    for text in texts or []:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise OptionError(f"--cluster-option {text}: give KEY=VALUE, for example queue=gpu")
        pairs[key.strip()] = value.strip()
    return pairs
