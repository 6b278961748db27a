"""``coconet-med view``: look at a fusion in the browser, from this machine alone, or write the page as one file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coconet_med.commands.options import (
    Affine,
    AllowGaps,
    AnatomyKind,
    AnatomySeries,
    AnatomyWindow,
    Colormap,
    Device,
    DifferentPatients,
    Dynamic,
    EngineOption,
    Force,
    FunctionKind,
    FunctionSeries,
    Lightness,
    MaxMemory,
    ModelOption,
    Overwrite,
    Plane,
    Quiet,
    Register,
    Select,
    Strength,
    Suv,
    Threshold,
    Timezone,
    Transform,
    TransformDirection,
    TransformImages,
    WindowOption,
    as_options,
)
from coconet_med.errors import FusionError
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from coconet_med.commands.progress import Reporter
    from coconet_med.options import FuseOptions
    from coconet_med.viewer.opening import View


def view(
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="FUSED | ANATOMY FUNCTION", help="A fused file or series; or MRI and PET; or a DICOM study."
        ),
    ],
    save: Annotated[Path | None, typer.Option(help="Write one self-contained HTML file instead of showing it.")] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page, or only say where it is.")
    ] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    register: Register = "auto",
    force: Force = False,
    transform: Transform = None,
    transform_images: TransformImages = None,
    transform_direction: TransformDirection = "stated",
    plane: Plane = "auto",
    window: WindowOption = None,
    anatomy_window: AnatomyWindow = None,
    threshold: Threshold = None,
    suv: Suv = False,
    affine: Affine = "auto",
    max_memory: MaxMemory = None,
    anatomy_kind: AnatomyKind = None,
    function_kind: FunctionKind = None,
    anatomy_series: AnatomySeries = None,
    function_series: FunctionSeries = None,
    allow_gaps: AllowGaps = False,
    dynamic: Dynamic = "mean",
    select: Select = None,
    timezone: Timezone = None,
    different_patients: DifferentPatients = False,
    colormap: Colormap = "auto",
    strength: Strength = 1.0,
    lightness: Lightness = 1.0,
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    device: Device = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Look at a fusion in the browser: linked planes, live strength, window, threshold and colors, foci, alignment."""
    from coconet_med.commands.progress import Reporter

    given = locals()
    if len(images) > 2:
        raise FusionError(f"{images[2]}: is one image too many; give a fused file, or ANATOMY FUNCTION")
    with Reporter(quiet=quiet) as say:
        if save:
            from coconet_med.writers import check_file, spare_inputs

            check_file(save, overwrite=overwrite)
            spare_inputs([save], [*images, transform])
        from coconet_med.options import FuseOptions

        options = FuseOptions.taken_from(as_options(given)).validate()
        what = _view(images, options, {"model": model, "engine": engine, "device": device}, say)
        for note in (*what.notes, *what.content.document.get("warnings", [])):
            say.warning(note)
        if save:
            save_view(what, save, overwrite=overwrite)
            say.done(f"wrote {save}")
            return
    show(what, browser=browser, port=port, quiet=quiet)


def _view(images: list[Path], options: FuseOptions, network: dict[str, Any], say: Reporter) -> View:
    from coconet_med.fusion import fuse
    from coconet_med.viewer.opening import is_fused, view_of, view_of_file

    if len(images) > 1 or not is_fused(images[0]):
        result = fuse(*images, **network, progress=say.progress, options=options)
        return view_of(result, name=" and ".join(path.name for path in images))
    chosen = options.chosen() or (["device"] if network["device"] != "auto" else [])
    if chosen:
        option = chosen[0].removesuffix("_kind").replace("_", "-")
        raise FusionError(f"--{option}: a fused file has its own; choose in the page, or give ANATOMY FUNCTION")
    return view_of_file(images[0], model=network["model"], engine=network["engine"], progress=say.progress)


def save_view(what: View, path: Path, *, overwrite: bool = False) -> Path:
    """Write the page of a view as one HTML file that needs nothing else.

    Raises:
        WriteError: something is there already, or the place cannot be written.
    """
    from coconet_med.viewer.page import saved_page
    from coconet_med.writers.atomic import write_together

    foci = what.foci() if what.foci else None

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(saved_page(what.content, foci=foci))

    write_together([(path, write)], overwrite=overwrite)
    return path


def show(what: View, *, browser: bool = True, port: int = 0, quiet: bool = False) -> None:
    """Serve the page of a view until it is interrupted (Ctrl-C, SIGTERM), which is how it ends."""
    import signal
    import threading

    from coconet_med.viewer.server import ViewServer

    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *unused: end.set())
    with ViewServer(what.content, color=what.color, foci=what.foci, port=port) as server:
        announce(server.url, browser=browser, quiet=quiet)
        try:
            end.wait()
        except KeyboardInterrupt:
            return


def announce(url: str, *, browser: bool, quiet: bool) -> None:
    """Say where a page is, and open it where there is a screen."""
    import webbrowser
    from urllib.parse import urlsplit

    typer.echo(printable(url))  # the one line that a script wants
    if not quiet:
        typer.echo("shown on this machine alone, as long as this runs; Ctrl-C ends it", err=True)
    if browser and not (_has_screen() and webbrowser.open(url)) and not quiet:
        port = urlsplit(url).port
        text = (
            "no browser could be opened here: open the address above; from another machine forward the same port first "
        )
        typer.echo(printable(f"{text}(ssh -L {port}:127.0.0.1:{port} HOST)"), err=True)


def _has_screen() -> bool:
    """Whether a window can open: browsers in a terminal, which Python would take else, do not draw."""
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
