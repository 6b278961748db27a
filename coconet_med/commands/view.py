"""``coconet-med view``: look at a fusion in the browser, from this machine alone, or write the page as one file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coconet_med.commands.options import (
    AnatomyWindow,
    Colormap,
    Device,
    EngineOption,
    Lightness,
    ModelOption,
    Overwrite,
    Plane,
    Quiet,
    Register,
    Strength,
    Suv,
    Threshold,
    Timezone,
    Transform,
    WindowOption,
)
from coconet_med.errors import FusionError
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from coconet_med.commands.progress import Reporter
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
    force: Annotated[bool, typer.Option("--force", help="Accept a registration that is not plausible.")] = False,
    transform: Transform = None,
    plane: Plane = "auto",
    window: WindowOption = None,
    anatomy_window: AnatomyWindow = None,
    threshold: Threshold = None,
    suv: Suv = False,
    timezone: Timezone = None,
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

    if len(images) > 2:
        raise FusionError(f"{images[2]}: is one image too many; give a fused file, or ANATOMY FUNCTION")
    with Reporter(quiet=quiet) as say:
        if save:
            from coconet_med.writers import check_file

            check_file(save, overwrite=overwrite)
        from coconet_med.windowing.presets import parse_window

        how: dict[str, Any] = {
            "register": register,
            "force": force,
            "transform": transform,
            "plane": plane,
            "window": parse_window("--window", window),
            "anatomy_window": parse_window("--anatomy-window", anatomy_window, anatomy=True),
            "threshold": threshold,
            "suv": suv,
            "timezone": timezone,
            "colormap": colormap,
            "strength": strength,
            "lightness": lightness,
            "device": device,
        }
        what = _view(images, how, model, engine, say)
        for note in (*what.notes, *what.content.document.get("warnings", [])):
            say.warning(note)
        if save:
            save_view(what, save, overwrite=overwrite)
            say.done(f"wrote {save}")
            return
    show(what, browser=browser, port=port, quiet=quiet)


def _view(images: list[Path], how: dict[str, Any], model: str, engine: str, say: Reporter) -> View:
    from coconet_med.fusion import fuse
    from coconet_med.viewer.opening import sidecar_path, view_of, view_of_file

    fused = len(images) == 1 and (not images[0].is_dir() or sidecar_path(images[0]).is_file())
    if not fused:
        result = fuse(*images, model=model, engine=engine, progress=say.progress, **how)
        return view_of(result, name=" and ".join(path.name for path in images))
    usual = {
        "register": "auto",
        "plane": "auto",
        "colormap": "auto",
        "strength": 1.0,
        "lightness": 1.0,
        "device": "auto",
    }
    given = [name for name, value in how.items() if value != usual.get(name) and value not in (None, False)]
    if given:
        option = given[0].replace("_", "-")
        raise FusionError(f"--{option}: a fused file has its own; choose in the page, or give ANATOMY FUNCTION")
    return view_of_file(images[0], model=model, engine=engine, progress=say.progress)


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
