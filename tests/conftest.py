"""What the tests share: a small generated head, an engine whose answer is known, and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from coconet_med.model import Model
    from coconet_med.phantom import HeadPhantom
    from coconet_med.viewer.opening import View


@dataclass
class MeanEngine:
    """Fuses by averaging, so that tests know each voxel of the result; remembers what it was given."""

    name: str = "onnx"
    device: str = "cpu"
    version: str = "test"
    shapes: list[tuple[int, ...]] | None = None

    def run(self, image: np.ndarray) -> np.ndarray:
        if self.shapes is not None:
            self.shapes.append(image.shape)
        return image.mean(axis=1, keepdims=True)


@pytest.fixture
def mean_model() -> Model:
    from coconet_med.model import Model

    return Model("mean", Path("mean.onnx"), "0" * 64, MeanEngine(shapes=[]), {})


@pytest.fixture(scope="session")
def head() -> HeadPhantom:
    from coconet_med.phantom import head_phantom

    return head_phantom(spacing=4.0, pet_spacing=5.0, noise=0.5)


@pytest.fixture(scope="session")
def pair(head: HeadPhantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The head as ``T1.nii.gz`` and ``PET.nii.gz``."""
    from coconet_med.writers.volumes import write_volume

    folder = tmp_path_factory.mktemp("head")
    paths = folder / "T1.nii.gz", folder / "PET.nii.gz"
    for image, path in zip((head.t1, head.pet), paths, strict=True):
        write_volume(image, path)
    return paths


@pytest.fixture(scope="session")
def move() -> np.ndarray:
    """A point of the anatomy to that of the moved PET, LPS mm: 12 degrees and 23 mm."""
    import SimpleITK as sitk

    euler = sitk.Euler3DTransform((3.0, -5.0, 10.0), *np.radians((6.0, -4.0, 10.0)).tolist(), (14.0, -9.0, 16.0))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(euler.GetMatrix()).reshape(3, 3)
    matrix[:3, 3] = euler.TransformPoint((0.0, 0.0, 0.0))
    return matrix


@pytest.fixture(scope="session")
def moved(head: HeadPhantom, move: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """T1 and a PET whose header puts it elsewhere, as NIfTI."""
    import SimpleITK as sitk

    from coconet_med.writers.volumes import write_volume

    folder = tmp_path_factory.mktemp("moved")
    paths = folder / "T1.nii.gz", folder / "PET.nii.gz"
    pet = sitk.Image(head.pet)
    pet.SetOrigin((move @ [*head.pet.GetOrigin(), 1.0])[:3].tolist())
    pet.SetDirection((move[:3, :3] @ np.array(head.pet.GetDirection()).reshape(3, 3)).ravel().tolist())
    for image, path in zip((head.t1, pet), paths, strict=True):
        write_volume(image, path)
    return paths


# --- a real browser: Debian's Chromium, headless, drawing WebGL with the processor ------------------------------------

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium here: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright here: pip install playwright")
    arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars"]
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; whatever one complains of on its console fails the test that comes last."""
    pages, complaints = [], []

    def make(width: int = 1200, height: int = 800, *, complains: bool = True, **options: object) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        if complains:
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()
    assert not complaints


@pytest.fixture(scope="module")
def served(new_page: Callable[..., Page]) -> Iterator[Callable[[View], Page]]:
    """Shows a view from a server of its own, opened in a page."""
    from coconet_med.viewer.server import ViewServer

    servers = []

    def show(view: View, **options: object) -> Page:
        server = ViewServer(view.content, color=view.color, foci=view.foci)
        server.__enter__()
        servers.append(server)
        page = new_page(**options)
        page.goto(server.url)
        page.wait_for_selector(".viewer[data-state=open]")
        return page

    yield show
    for server in servers:
        server.__exit__()
