"""How fast the viewer is and how much memory its tab takes, in a headless Chromium that draws with the processor.

    python benchmarks/viewer.py [--large | --report | --shots FOLDER]

A study of 256 x 256 x 150 voxels (a generated head): time from opening the address to the first picture, a step of each
slider (median of 20: mixed, given to the graphics card, drawn, and a pixel read back, so that nothing is left to be
done), and moving through slices; with ``--large`` the memory of the tab of 512 x 512 x 200 voxels; with ``--report`` a
report of 50 such cases, each viewer opened; with ``--shots`` the pictures of the documents.  Needs ``dev``, Chromium.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from playwright.sync_api import Page, sync_playwright

import coconet_med
from coconet_med.batch.case import Outcome
from coconet_med.phantom import head_phantom
from coconet_med.report.batch_page import write_batch_page
from coconet_med.report.card import card_of
from coconet_med.viewer.opening import View, view_of
from coconet_med.viewer.server import ViewServer

STEPS = 20
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--enable-precise-memory-info"]

#: Milliseconds of one change after the other, each drawn to its end.
TIMED = """([change, count]) => {
  const gl = coconet.stage.gl, pixel = new Uint8Array(4), times = [];
  const act = {
    strength: (n) => coconet.look({ strength: 1 - 0.02 * n }),
    lightness: (n) => coconet.look({ lightness: 1 - 0.02 * n }),
    threshold: (n) => coconet.look({ threshold: coconet.limits.high * (0.2 + 0.01 * n) }),
    window: (n) => coconet.look({ window: [coconet.limits.low, coconet.limits.high * (1 - 0.01 * n)] }),
    slice: (n) => coconet.go(coconet.state.place.with(2, 60 + n)),
    crosshair: (n) => coconet.go([100 + n, 110 + n, 60 + n]),
  }[change];
  for (let n = 0; n < count + 2; n++) {
    const start = performance.now();
    act(n);
    coconet.draw();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    times.push(performance.now() - start);
  }
  return times.slice(2);
}"""


def head(size: tuple[int, int, int]) -> tuple[sitk.Image, sitk.Image]:
    """A generated head on a grid of this many voxels (i, j, k), MRI in whole numbers as scanners store it."""
    made = head_phantom(spacing=2.0, pet_spacing=3.0, noise=0.5)
    grid = sitk.Image([*size], sitk.sitkFloat32)
    extent = np.array(made.t1.GetSize()) * made.t1.GetSpacing()
    grid.SetSpacing((extent / size).tolist())
    grid.SetDirection(made.t1.GetDirection())
    grid.SetOrigin(made.t1.GetOrigin())
    return sitk.Round(sitk.Resample(made.t1, grid)), made.pet


def measured(page: Page, view: View) -> None:
    with ViewServer(view.content, color=view.color) as server:
        for number in range(3):
            page.goto("about:blank")
            before = processor_seconds()
            page.goto(server.url)
            page.wait_for_selector(".viewer[data-state=open]")
            wall, busy = page.evaluate("coconet.opened") / 1000, processor_seconds() - before
            print(f"first picture ({number + 1}): {wall:.2f} s after opening; {busy:.2f} s of processor", flush=True)
        for change in ("strength", "lightness", "threshold", "window", "slice", "crosshair"):
            before = processor_seconds()
            times = page.evaluate(TIMED, [change, STEPS])
            busy = 1000 * (processor_seconds() - before) / (STEPS + 2)
            times_text = f"median {statistics.median(times):.0f} ms, fastest {min(times):.0f}, slowest {max(times):.0f}"
            print(f"{change}: {times_text} of {STEPS}; {busy:.0f} ms of processor each", flush=True)
        page.evaluate("coconet.reset()")
        started = time.perf_counter()
        found = page.evaluate("coconet.compare()")
        print(f"compared with the file in {time.perf_counter() - started:.1f} s: {found}", flush=True)


def processor_seconds() -> float:
    """Time that all processes of the browser have taken of processors so far."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        try:
            if b"chromium" in (folder / "cmdline").read_bytes() and started_here(int(folder.name)):
                ticks += sum(map(int, (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]))
        except (OSError, ValueError):
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(page: Page, view: View) -> None:
    with ViewServer(view.content, color=view.color) as server:
        page.goto(server.url)
        page.wait_for_selector(".viewer[data-state=open]", timeout=120_000)
        page.evaluate(TIMED, ["strength", STEPS])
        page.evaluate(TIMED, ["slice", STEPS])
        print(
            f"memory of the tab's process: {resident_of_tabs():.0f} MB resident; arrays {arrays(view):.0f} MB",
            flush=True,
        )


def report(page: Page, count: int = 50) -> None:
    """A report of so many cases of 256 x 256 x 150: its size, opening it, and opening each of its viewers."""
    result = coconet_med.fuse(*head((256, 256, 150)), register="never")
    card = card_of(result, case_id="case")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = [Outcome(f"case-{number:02d}", "done", facts={"H": 0.8}) for number in range(count)]
        for case in cases:
            (folder / f"{case.id}.card").write_text(json.dumps(card | {"id": case.id}), encoding="utf-8")
        path = write_batch_page(cases, folder, folder / "report.html", title="benchmark")
        strip = sum(map(len, card["view"]["parts"].values()))
        print(f"report: {path.stat().st_size / 1e6:.0f} MB, a viewer {strip / 1e6:.2f} MB", flush=True)
        started = time.perf_counter()
        page.goto(path.as_uri())
        print(f"opened after {time.perf_counter() - started:.1f} s, {resident_of_tabs():.0f} MB", flush=True)
        times = []
        for number in range(count):
            started = time.perf_counter()
            page.locator(f'[data-open="view-{number}"]').click()
            page.locator(f"#case-{number} .viewer[data-state=open]").wait_for()  # holds no element
            times.append(time.perf_counter() - started)
        print(f"viewers: median {statistics.median(times):.2f} s each; all {count} opened once: ", end="")
        before = resident_of_tabs()
        page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
        after, still = resident_of_tabs(), page.locator("img.still").count()
        print(f"{before:.0f} MB, after garbage collection {after:.0f} MB; {still} are still pictures", flush=True)


def arrays(view: View) -> float:
    return sum(part.nbytes for part in view.content.parts.values()) / 1e6


def resident_of_tabs() -> float:
    """MB that are resident and not shared, of the largest renderer process of the browser that this one started."""
    largest = 0.0
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            if b"--type=renderer" in command and started_here(int(folder.name)):
                private = [line.split() for line in (folder / "smaps_rollup").read_text(encoding="utf-8").splitlines()]
                largest = max(largest, sum(int(w[1]) for w in private if w[0].startswith("Private_")) / 1000)
        except (OSError, ValueError):
            continue
    return largest


def started_here(process: int) -> bool:
    while process > 1:
        process = int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        if process == os.getpid():
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--shots", type=Path)
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        if given.shots:
            shots(page, given.shots)
        elif given.report:
            report(page)
        else:
            size = (512, 512, 200) if given.large else (256, 256, 150)
            view = view_of(coconet_med.fuse(*head(size), register="never"))
            print(f"{size}: arrays {arrays(view):.0f} MB, load of the machine {os.getloadavg()[0]:.1f}", flush=True)
            (memory if given.large else measured)(page, view)
        browser.close()


def shots(page: Page, folder: Path) -> None:
    """The pictures of docs/viewer.md: of a generated head."""
    from PIL import Image

    result = coconet_med.fuse(*head((192, 224, 160)), register="never")
    kinds = {"anatomy": replace(result.anatomy, modality="MR"), "function": replace(result.function, modality="PT")}
    view = view_of(replace(result, **kinds), name="fused.nii.gz")
    with ViewServer(view.content, color=view.color, foci=view.foci) as server:
        page.goto(server.url)
        page.wait_for_selector("[data-part=foci-list] li", timeout=120_000)
        taken = {}
        for name, key in (("viewer", "f"), ("viewer-edges", "e")):
            page.locator("[data-part=overlay]").press(key)
            page.evaluate("document.activeElement.blur(); coconet.draw()")
            taken[name] = page.screenshot()
        for name, png in taken.items():
            picture = Image.open(io.BytesIO(png)).convert("RGB")
            picture.save(folder / f"{name}.jpg", quality=88, subsampling=0, optimize=True)


if __name__ == "__main__":
    main()
