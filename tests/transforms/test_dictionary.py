"""MONAI transforms: the same voxels as ``fuse``, and geometry that survives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from monai.data import DataLoader, Dataset, MetaTensor, decollate_batch
from monai.transforms import Compose, ConcatItemsd
from torch import nn

from coconet_med import fuse
from coconet_med.bundle.inferer import StackInferer
from coconet_med.engines.torch import NetworkEngine
from coconet_med.errors import GeometryError, OptionError, PairError, ReadError
from coconet_med.model import Model
from coconet_med.network import CoCoNet
from coconet_med.phantom import head_phantom, slice_pair
from coconet_med.transforms import (
    PAIR,
    BringOnGridd,
    FindWindowd,
    FuseColord,
    HatchNoDatad,
    ReadSourced,
    ScaleToWindowd,
    StackSlicesd,
    UnstackSlicesd,
    prepare,
)
from coconet_med.transforms.metatensor import ras_affine, to_source, to_tensor

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


AFTER = Compose([HatchNoDatad(), UnstackSlicesd(("pred", "function")), FuseColord()])


def _network(image: torch.Tensor) -> torch.Tensor:
    """Stands for the network: sees rows, columns and both channels, and is not symmetric in any of them."""
    row = torch.linspace(0, 1, image.shape[-2], device=image.device).reshape(1, 1, -1, 1)
    shifted = torch.roll(image[:, :1], (3, 1), dims=(2, 3))
    return 0.5 * shifted + 0.3 * image[:, 1:] + 0.2 * row


class _Engine:
    name, device, version = "torch", "cpu", "1"

    def run(self, image: np.ndarray) -> np.ndarray:
        return _network(torch.from_numpy(image)).numpy()


MODEL = Model("test", Path("test"), "0" * 64, _Engine(), {})


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(()))  # says on which device it is

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return _network(image)


NETWORK = _Network()


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    head = head_phantom(spacing=(6.0, 6.0, 8.0), pet_spacing=8.0, pet_tilt=(8.0, 0.0, 5.0), noise=0.2)
    folder = tmp_path_factory.mktemp("study")
    turned = sitk.Flip(head.t1, (True, False, True))  # another storage order of the same places
    for image, name in ((turned, "mri.nii.gz"), (head.pet, "pet.nii.gz")):
        sitk.WriteImage(image, str(folder / name))
    return folder / "mri.nii.gz", folder / "pet.nii.gz"


def _through_monai(anatomy: Path, function: Path, plane: str = "auto", network: nn.Module = NETWORK) -> dict:
    before = Compose([prepare(register="never", plane=plane, no_data=True), ConcatItemsd(PAIR, "image")])
    data = Dataset([{"anatomy": str(anatomy), "function": str(function)}], before)
    batch = next(iter(DataLoader(data, batch_size=1)))
    batch["pred"] = StackInferer()(batch["image"], network)
    return AFTER(decollate_batch(batch)[0])


@pytest.mark.parametrize("plane", ["auto", "coronal", "sagittal"])
def test_the_pipeline_gives_the_voxels_of_fuse(volumes: tuple[Path, Path], plane: str):
    expected = fuse(*volumes, register="never", plane=plane, model=MODEL)
    made = _through_monai(*volumes, plane=plane)
    luminance = sitk.GetArrayFromImage(expected.luminance).transpose(2, 1, 0)
    assert 0 < expected.without_data < 0.5
    np.testing.assert_allclose(made["pred"][0].numpy(), luminance, atol=1 / 255)
    rgb = sitk.GetArrayFromImage(expected.color).transpose(2, 1, 0, 3)
    far = np.abs(np.moveaxis(made["color"].numpy(), 0, -1).astype(int) - rgb.astype(int))
    assert far.max() <= 1
    np.testing.assert_allclose(made["color"].affine, to_tensor(expected.anatomy).affine, atol=1e-5)


def test_the_field_of_a_network_is_smooth_across_slices_and_keeps_findings_as_in_fuse(volumes: tuple[Path, Path]):
    torch.manual_seed(3)
    net = CoCoNet(width=2).eval()
    expected = fuse(*volumes, register="never", model=Model("n", Path("n"), "0" * 64, NetworkEngine(net), {}))
    assert expected.field is not None
    made = _through_monai(*volumes, network=net)
    luminance = sitk.GetArrayFromImage(expected.luminance).transpose(2, 1, 0)
    np.testing.assert_allclose(made["pred"][0].numpy(), luminance, atol=1e-3)


def test_maps_of_both_signs_give_the_voxels_of_fuse(volumes: tuple[Path, Path], tmp_path: Path):
    anatomy = sitk.ReadImage(str(volumes[0]))
    place = np.indices(anatomy.GetSize()[::-1])
    scores = np.zeros(anatomy.GetSize()[::-1], np.float32)
    for column, height in ((12, 4.0), (20, -4.0)):
        middle = np.array([scores.shape[0] // 2, scores.shape[1] // 2, column]).reshape(3, 1, 1, 1)
        scores += height * np.exp(-((place - middle) ** 2).sum(axis=0) / 8)
    image = sitk.GetImageFromArray(scores)
    image.CopyInformation(anatomy)
    sitk.WriteImage(image, str(tmp_path / "z.nii.gz"))
    expected = fuse(volumes[0], tmp_path / "z.nii.gz", model=MODEL)
    assert expected.window.signed
    made = _through_monai(volumes[0], tmp_path / "z.nii.gz")
    rgb = sitk.GetArrayFromImage(expected.color).transpose(2, 1, 0, 3).astype(int)
    assert np.abs(np.moveaxis(made["color"].numpy(), 0, -1).astype(int) - rgb).max() <= 1
    with pytest.raises(OptionError, match="has values of both signs; choose auto"):
        FuseColord(colormap="uptake")(made)


def test_pictures_give_the_pixels_of_fuse(tmp_path: Path):
    from PIL import Image

    paths = tmp_path / "mri.png", tmp_path / "pet.png"
    for array, path in zip(slice_pair(64), paths, strict=True):
        Image.fromarray(array[:48]).save(path)
    expected = fuse(*paths, model=MODEL)
    made = _through_monai(*paths)
    luminance = sitk.GetArrayFromImage(expected.luminance)
    np.testing.assert_allclose(made["pred"][0, :, :, 0].numpy().T, luminance, atol=1 / 255)


def test_a_thin_stack_is_padded_for_the_network_and_comes_back_as_it_was(tmp_path: Path):
    head = head_phantom(spacing=6.0, pet_spacing=8.0)
    paths = tmp_path / "mri.nii.gz", tmp_path / "pet.nii.gz"
    sitk.WriteImage(head.t1[:, 14:24, :], str(paths[0]))
    sitk.WriteImage(head.pet, str(paths[1]))
    expected = fuse(*paths, register="never", plane="axial", model=MODEL)
    made = _through_monai(*paths, plane="axial")
    luminance = sitk.GetArrayFromImage(expected.luminance).transpose(2, 1, 0)
    assert made["pred"].shape[1:] == luminance.shape
    np.testing.assert_allclose(made["pred"][0].numpy(), luminance, atol=1 / 255)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_voxel_keeps_its_place_in_the_world_when_stacked(volumes: tuple[Path, Path], plane: str):
    data = ReadSourced("anatomy")({"anatomy": str(volumes[0])})
    volume = data["anatomy"]
    stacked = StackSlicesd("anatomy", plane=plane)(data)["anatomy"]
    place = (4, 9, 13)
    value, world = volume[(0, *place)], volume.affine @ torch.tensor((*place, 1.0), dtype=torch.float64)
    found = torch.linalg.solve(stacked.affine, world)[:3].round().int().tolist()
    assert stacked[(0, *found)] == value
    back = UnstackSlicesd("anatomy", "anatomy")({"anatomy": stacked})["anatomy"]
    torch.testing.assert_close(back.as_tensor(), volume.as_tensor())
    torch.testing.assert_close(back.affine, volume.affine)


@pytest.mark.filterwarnings("ignore:NvImgCodecPydicomReader")  # MONAI tries all its readers when one is named
def test_images_of_monais_own_reader_are_taken(volumes: tuple[Path, Path]):
    from monai.transforms import EnsureChannelFirstd, LoadImaged

    own = Compose([FindWindowd(PAIR), BringOnGridd(register="never"), ScaleToWindowd(PAIR)])
    paths = {"anatomy": str(volumes[0]), "function": str(volumes[1])}
    ours = own(ReadSourced(PAIR)(paths))
    theirs = own(Compose([LoadImaged(PAIR, reader="NibabelReader"), EnsureChannelFirstd(PAIR)])(paths))
    for key in PAIR:
        torch.testing.assert_close(ours[key].as_tensor(), theirs[key].as_tensor(), atol=1e-4, rtol=0)


def test_mistakes_in_the_order_of_transforms_are_named():
    image = MetaTensor(torch.rand(1, 8, 8, 8))
    with pytest.raises(OptionError, match="put FindWindowd before"):
        ScaleToWindowd("anatomy")({"anatomy": image})
    with pytest.raises(OptionError, match="EnsureChannelFirstd"):
        to_source(image[0], "anatomy")
    with pytest.raises(OptionError, match="anatomy: is a Tensor without affine; give a MetaTensor"):
        FindWindowd("anatomy", roles=("anatomy",), given=(None,), signed=(False,))({"anatomy": image.as_tensor()})


def test_one_image_is_no_study_and_no_pair(volumes: tuple[Path, Path]):
    """Both were called "no DICOM files found"."""
    with pytest.raises(PairError, match="anatomy and function are the same file"):
        ReadSourced(PAIR)({"anatomy": volumes[0], "function": volumes[0]})
    with pytest.raises(OptionError, match="only one image was given"):
        fuse(volumes[0])


@pytest.mark.parametrize("turned", [("function",), PAIR], ids=["one of two", "both"])
def test_tensors_in_lps_lie_where_those_in_ras_lie(volumes: tuple[Path, Path], turned: tuple[str, ...]):
    steps = Compose([FindWindowd(PAIR), BringOnGridd(register="never"), ScaleToWindowd(PAIR), StackSlicesd(PAIR)])
    read = ReadSourced(PAIR)({"anatomy": str(volumes[0]), "function": str(volumes[1])})
    lps = dict(read)
    for key in turned:  # as MONAI's bridge from ITK gives them
        affine = torch.diag(torch.tensor((-1.0, -1, 1, 1), dtype=torch.float64)) @ read[key].affine
        lps[key] = MetaTensor(read[key].as_tensor(), meta={**read[key].meta, "affine": affine, "space": "LPS"})
        np.testing.assert_allclose(
            to_source(lps[key], key).image.GetOrigin(), to_source(read[key], key).image.GetOrigin()
        )
    expected, made = steps(read), steps(lps)
    for key in PAIR:
        torch.testing.assert_close(made[key].as_tensor(), expected[key].as_tensor(), atol=1e-5, rtol=0)
        torch.testing.assert_close(made[key].affine, expected[key].affine)
        assert made[key].meta.get("space", "RAS") == "RAS"


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("LPS", "--+"),
        ("RAS", "+++"),
        ("left-posterior-superior", "--+"),
        ("left-anterior-superior", "-++"),
        ("", "+++"),
    ],
)
def test_the_space_that_a_tensor_names_is_that_of_its_affine(space: str, signs: str):
    affine = torch.tensor(((1.0, 0, 0, 5), (0, 2, 0, 6), (0, 0, 3, 7), (0, 0, 0, 1)), dtype=torch.float64)
    volume = MetaTensor(torch.rand(1, 4, 4, 4), meta={"affine": affine, "space": space})
    turned = [1.0 if sign == "+" else -1.0 for sign in signs]
    np.testing.assert_allclose(ras_affine(volume), np.diag([*turned, 1.0]) @ affine.numpy())


def test_tensors_that_are_sheared_or_hold_nan_are_refused():
    volume, affine = torch.rand(1, 8, 8, 8), torch.eye(4, dtype=torch.float64)
    affine[0, 1] = 0.3
    with pytest.raises(GeometryError, match="sheared"):
        to_source(MetaTensor(volume, affine=affine), "function")
    volume[0, 3, 3, 3] = torch.nan
    with pytest.raises(OptionError, match="holds NaN or infinite values"):
        to_source(MetaTensor(volume), "function")


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_an_image_of_one_value_is_refused_as_by_fuse(value):
    """Over a window of no width it would be NaN, and with it the loss of a training."""
    image = MetaTensor(torch.full((1, 20, 20, 20), value), affine=torch.eye(4).double() * 4)
    with pytest.raises(ReadError, match=f"every voxel is {value:g}, so it shows nothing"):
        FindWindowd(("function",), roles=("function",), given=(None,), signed=(None,))({"function": image})
    limits = FindWindowd(("function",), roles=("function",), given=((0, 9),), signed=(None,))({"function": image})
    assert ScaleToWindowd(("function",))(limits)["function"].unique().tolist() == pytest.approx([value / 9])
