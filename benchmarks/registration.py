"""Rigid registration of PET, SPECT and CT with known motion: coconet-med beside elastix, ANTs and SimpleITK.

Heads are generated ones (five seeds, PET and SPECT) and the SPM averages; bodies are generated thighs and abdomens
(``bodies.py``) and the STS thigh study.  The header of the functional image is moved, each method looks for the way
back, and the error is the mean distance over the anatomical body between where a point was put and where it belongs:
exact for generated images, against the place given by the authors for real ones (their own optimum may lie mm off).

    python benchmarks/registration.py --data DATA --keep results.json
    python benchmarks/registration.py --methods coconet-med          # generated images only, nothing else needed

``DATA`` is the developers' data folder; without it the real images are left out.  Methods that are not installed are
left out (``pip install itk-elastix antspyx``; antspyx asks for numpy below 2.4).  What ``--keep`` names is written
after every case, and cases that stand in it are not run again.  One thread each.  The peers get each image less its
minimum: centers of gravity of values below 0, as in CT, lie anywhere.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"

import numpy as np
import SimpleITK as sitk
from bodies import body_phantom
from timing import table

from coconet_med.align.plausibility import foreground, foreground_center
from coconet_med.geometry import direction_matrix

Pair = tuple[sitk.Image, sitk.Image]

#: A registration this close, in mm, counts as found: heads are the sharper images.
FOUND_MM = {"heads, generated": 3.0, "heads, SPM": 6.0, "bodies, generated": 6.0, "thigh, STS": 10.0}


def cases(data: Path | None) -> Iterator[tuple[str, str, Callable[[], Pair]]]:
    """Group, name, and what makes the pair."""
    for seed, (function, t2) in enumerate((("pet", 0), ("pet", 1), ("spect", 0), ("pet", 0), ("spect", 0))):
        yield (
            "heads, generated",
            f"{'T2' if t2 else 'T1'} {function} seed {seed}",
            lambda seed=seed, f=function, t2=t2: head(seed, f, bool(t2)),
        )
    for part, contrast, seeds in (("thigh", "mr", 3), ("thigh", "ct", 1), ("abdomen", "mr", 2), ("abdomen", "ct", 1)):
        for seed in range(seeds):
            yield (
                "bodies, generated",
                f"{part} {contrast} seed {seed}",
                lambda p=part, c=contrast, s=seed: body_phantom(p, seed=s, contrast=c),
            )
    if data:
        for names in (("T1", "PET"), ("T1", "SPECT"), ("T2", "PET"), ("PD", "SPECT"), ("T1", "CT")):
            folders = [data / "volumes" / ("clinical" if name == "CT" else "spm") for name in names]
            files = [next(folder.glob(f"{name}.nii*")) for folder, name in zip(folders, names, strict=True)]
            yield "heads, SPM", " ".join(names), lambda files=files: real(*files)
        for anatomy in ("MR_T1", "CT"):
            folder = data / "dicom" / "sts_003"
            yield "thigh, STS", f"{anatomy} PET", lambda f=folder, a=anatomy: real(f / a, f / "PET")


def head(seed: int, function: str, t2: bool) -> Pair:
    from coconet_med.phantom import head_phantom

    made = head_phantom(
        spacing=2.0, pet_spacing=3.0 if function == "pet" else 4.0, seed=seed, function=function, with_t2=t2
    )
    return made.t2 if t2 else made.t1, made.pet


def real(anatomy: Path, function: Path) -> Pair:
    from coconet_med.readers import read

    return read(anatomy, "anatomy").image, read(function, "function").image


def moved(function: sitk.Image, group: str, number: int, name: str) -> tuple[sitk.Image, np.ndarray]:
    """The image with another header, and the motion: 4 x 4, takes a true point (LPS, mm) to where the header has it."""
    rng = np.random.default_rng([number, *name.encode()])
    angle, reach = ((4, 12), (8, 20)) if group.startswith("heads") else ((3, 8), (8, 20))
    axis, shift = rng.normal(size=3), rng.normal(size=3)
    axis *= np.radians(rng.uniform(*angle)) / np.linalg.norm(axis)
    shift *= rng.uniform(*reach) / np.linalg.norm(shift)
    versor = sitk.VersorTransform()
    versor.SetRotation((axis / np.linalg.norm(axis)).tolist(), float(np.linalg.norm(axis)))
    turn = np.array(versor.GetMatrix()).reshape(3, 3)
    center = foreground_center(foreground(function))
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = turn, center - turn @ center + shift
    image = sitk.Image(function)
    image.SetDirection((turn @ direction_matrix(function)).ravel().tolist())
    image.SetOrigin((turn @ np.array(function.GetOrigin()) + motion[:3, 3]).tolist())
    return image, motion


def error_mm(found: np.ndarray, truth: np.ndarray, anatomy: sitk.Image) -> float:
    """Mean distance over the anatomical body of two 4 x 4 matrices' points."""
    body = foreground(anatomy)
    where = np.argwhere(sitk.GetArrayViewFromImage(body))[:, ::-1]
    where = where[:: max(1, len(where) // 2000)]
    points = np.array([body.TransformIndexToPhysicalPoint([int(v) for v in index]) for index in where])
    difference = found - truth
    return float(np.linalg.norm(points @ difference[:3, :3].T + difference[:3, 3], axis=1).mean())


def ours(anatomy: sitk.Image, function: sitk.Image) -> np.ndarray:
    """As ``--register always`` takes it; what is refused raises."""
    from coconet_med.align import align
    from coconet_med.source import Source

    return align(Source(anatomy, "anatomy"), Source(function, "function"), register="always").matrix


def simpleitk(anatomy: sitk.Image, function: sitk.Image) -> np.ndarray:
    """Mattes mutual information on three levels from the moments: what its examples do, with regular samples."""
    fixed, moving = sitk.Cast(anatomy, sitk.sitkFloat32), sitk.Cast(function, sitk.sitkFloat32)
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.1, seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.005, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4, 2, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=False)
    return _matrix(method.Execute(fixed, moving).TransformPoint)


def elastix(anatomy: sitk.Image, function: sitk.Image) -> np.ndarray:
    """Its default rigid map (three levels, adaptive stochastic descent), started from the centers of gravity."""
    import itk

    fixed, moving = (_itk(image) for image in (anatomy, function))
    parameters = itk.ParameterObject.New()
    chosen = parameters.GetDefaultParameterMap("rigid", 3)
    chosen["AutomaticTransformInitialization"] = ["true"]
    chosen["AutomaticTransformInitializationMethod"] = ["CenterOfGravity"]
    chosen["RandomSeed"] = ["1"]
    parameters.AddParameterMap(chosen)
    _, result = itk.elastix_registration_method(
        fixed, moving, parameter_object=parameters, log_to_console=False, number_of_threads=1
    )
    said = result.GetParameterMap(0)
    transform = sitk.Euler3DTransform()
    transform.SetComputeZYX(said.get("ComputeZYX", ["false"])[0] == "true")
    transform.SetCenter([float(v) for v in said["CenterOfRotationPoint"]])
    transform.SetParameters([float(v) for v in said["TransformParameters"]])
    return _matrix(transform.TransformPoint)


def ants(anatomy: sitk.Image, function: sitk.Image) -> np.ndarray:
    """``type_of_transform="Rigid"`` with its defaults."""
    import ants as library

    fixed, moving = (
        library.from_numpy(
            sitk.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float32),
            origin=image.GetOrigin(),
            spacing=image.GetSpacing(),
            direction=direction_matrix(image),
        )
        for image in (anatomy, function)
    )
    found = library.registration(fixed, moving, type_of_transform="Rigid", random_seed=1)
    return _matrix(sitk.ReadTransform(found["fwdtransforms"][0]).TransformPoint)


#: What a method is called, the package it needs, and what runs it.
METHODS = {
    "coconet-med": ("coconet_med", ours),
    "elastix": ("itk", elastix),
    "ANTs": ("ants", ants),
    "SimpleITK": ("SimpleITK", simpleitk),
}


def _itk(image: sitk.Image) -> Any:
    import itk

    made = itk.image_from_array(sitk.GetArrayFromImage(image).astype(np.float32))
    made.SetOrigin(image.GetOrigin())
    made.SetSpacing(image.GetSpacing())
    made.SetDirection(itk.matrix_from_array(direction_matrix(image)))
    return made


def _matrix(point: Callable[[list[float]], tuple[float, ...]]) -> np.ndarray:
    zero = np.array(point([0.0, 0.0, 0.0]))
    columns = [np.array(point(axis)) - zero for axis in np.eye(3).tolist()]
    return np.vstack([np.column_stack([*columns, zero]), [0.0, 0.0, 0.0, 1.0]])


def main(given: argparse.Namespace) -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    kept = json.loads(given.keep.read_text(encoding="utf-8")) if given.keep and given.keep.is_file() else {}
    methods = {name: METHODS[name] for name in given.methods if importlib.util.find_spec(METHODS[name][0])}
    for group, name, make in cases(given.data):
        if group not in given.groups:
            continue
        anatomy = None
        for number in range(given.motions):
            for method, (_, run) in methods.items():
                key = f"{method}|{group}|{name}|{number}"
                if key in kept:
                    continue
                if anatomy is None:
                    anatomy, function = make()
                elsewhere, truth = moved(function, group, number, name)
                began = time.perf_counter()
                try:
                    given_images = (anatomy, elsewhere)
                    if method != "coconet-med":
                        given_images = tuple(
                            image - float(sitk.GetArrayViewFromImage(image).min()) for image in given_images
                        )
                    error = error_mm(run(*given_images), truth, anatomy)
                except Exception as refusal:  # whatever a library raises counts as no result
                    print(f"{key}: {refusal}", flush=True)
                    error = None
                kept[key] = {"mm": error, "s": time.perf_counter() - began}
                print(f"{key}: {'refused' if error is None else f'{error:.1f} mm'}, {kept[key]['s']:.1f} s", flush=True)
                if given.keep:
                    given.keep.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print()
    print(table(("images", "method", "found", "median mm", "worst mm", "refused", "median s"), list(rows(kept))))


def rows(kept: dict[str, dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """One for each group and method."""
    for group, limit in FOUND_MM.items():
        for method in METHODS:
            results = [result for key, result in kept.items() if key.startswith(f"{method}|{group}|")]
            errors = [result["mm"] for result in results if result["mm"] is not None]
            if not errors:
                continue
            seconds = statistics.median(result["s"] for result in results)
            found = f"{sum(error <= limit for error in errors)} of {len(results)} (<= {limit:g} mm)"
            refused = len(results) - len(errors)
            yield group, method, found, statistics.median(errors), max(errors), refused, seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--groups", nargs="+", choices=FOUND_MM, default=list(FOUND_MM))
    parser.add_argument("--motions", type=int, default=1, help="of each pair")
    parser.add_argument("--keep", type=Path)
    main(parser.parse_args())
