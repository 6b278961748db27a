"""``coconet-med measure``: numbers of regions; ``coconet-med read``: uptake from colors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coconet_med.commands.options import (
    Affine,
    AllowGaps,
    AnatomyKind,
    AnatomySeries,
    DifferentPatients,
    Dynamic,
    Force,
    FunctionKind,
    FunctionSeries,
    MaxMemory,
    NamesOption,
    Overwrite,
    Quiet,
    Register,
    Select,
    Suv,
    Timezone,
    Transform,
    TransformDirection,
    TransformImages,
    as_options,
)
from coconet_med.errors import FusionError
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    import SimpleITK as sitk

    from coconet_med.commands.progress import Reporter
    from coconet_med.options import FuseOptions
    from coconet_med.source import Source


def measure(
    images: Annotated[list[Path], typer.Argument(help="MRI and PET, SPECT or CT; a DICOM study; or one fused volume.")],
    labels: Annotated[Path, typer.Option(help="Segmentation in the world of the MRI: label map, mask or DICOM SEG.")],
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the table as CSV.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write it as JSON, with all that is known.")] = None,
    names: NamesOption = None,
    reference: Annotated[
        str | None, typer.Option(metavar="MASK|LABEL", help="Reference region for SUVR: a mask, or labels (8,47).")
    ] = None,
    suvr_map: Annotated[Path | None, typer.Option(help="Write the SUVR map, on the grid of the MRI.")] = None,
    register: Register = "auto",
    force: Force = False,
    transform: Transform = None,
    transform_images: TransformImages = None,
    transform_direction: TransformDirection = "stated",
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
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Measure uptake and MRI in each region of a segmentation: volume, mean, maximum, peak and deviation."""
    from coconet_med.commands.progress import Reporter

    given = locals()
    if len(images) > 2:
        raise FusionError(f"{images[2]}: is one image too many; give the MRI and the PET, or one fused volume")
    if suvr_map and not reference:
        raise FusionError(f"--suvr-map {suvr_map}: needs the region that is 1; name it with --reference")
    with Reporter(quiet=quiet) as say:
        from coconet_med.measure import mean_in_reference, measure_regions, read_labels, to_csv, to_json
        from coconet_med.measure.peak import coarse
        from coconet_med.measure.whose import check_labels
        from coconet_med.options import FuseOptions
        from coconet_med.writers import check_file, spare_inputs
        from coconet_med.writers.atomic import write_together

        for path in (csv, json_path, suvr_map):
            if path:
                check_file(path, overwrite=overwrite)
        spare_inputs((csv, json_path, suvr_map), (*images, labels, names, reference, transform))
        # The region that is 1 is applied to the figures below, not to the image.
        options = FuseOptions.taken_from(
            as_options({**given, "reference": None, "labels": None, "names": None})
        ).validate()
        regions_of = read_labels(labels, names=names)
        pair = _pair(images, options, say)
        found = (
            mean_in_reference(reference, pair.uptake, labels=regions_of, transform=pair.transform)
            if reference
            else None
        )
        notes: dict[str, None] = {}
        if pair.source:
            for place in (regions_of, *([found.place] if found else [])):
                notes |= dict.fromkeys(check_labels(place, pair.source, different_patients=different_patients))
        rows = measure_regions(
            regions_of,
            pair.uptake,
            pair.anatomy,
            transform=pair.transform,
            reference=found.mean if found else None,
        )
        about: dict[str, Any] = {
            "research_use_only": "research use, not for diagnosis",
            "images": [str(path.name) for path in images],
            "labels": labels.name,
            "units": pair.units,
            "read_from": pair.read_from,
            "alignment": pair.alignment,
            "reference": {"region": found.words, "mean": found.mean, "voxels": found.voxels} if found else None,
            "warnings": [
                *pair.warnings,
                *notes,
                *_partial(rows),
                *filter(None, [coarse(regions_of.grid.GetSpacing())]),
            ],
        }
        jobs: list[tuple[Path, Any]] = []
        if csv:
            jobs.append((csv, lambda part: to_csv(rows, part, units=pair.units)))
        if json_path:
            jobs.append((json_path, lambda part: to_json(rows, about, part)))
        if suvr_map and found:
            jobs.append((suvr_map, pair.ratio_writer(found.mean)))
        write_together(jobs, overwrite=overwrite)
        for warning in about["warnings"]:
            say.warning(warning)
    typer.echo(printable(_text(rows, pair.units), keep="\n"))


def read(
    fused: Annotated[Path, typer.Argument(help="fused.nii.gz, .nrrd, .mha, a picture, or a fused DICOM folder.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Uptake: .nii.gz, .nrrd, .mha, or .tiff of a picture.")
    ],
    colormap: Annotated[str | None, typer.Option(help="Color map of the legend; by default the side-car's.")] = None,
    window: Annotated[tuple[float, float] | None, typer.Option(metavar="LOW HIGH", help="Ends of the legend.")] = None,
    strength: Annotated[float | None, typer.Option(min=0, max=1, help="Strength of the fusion.")] = None,
    units: Annotated[str | None, typer.Option(help="Units of the legend.")] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Read uptake back from the colors of a fused image, and say how exactly that can be done."""
    from coconet_med.commands.progress import Reporter

    with Reporter(quiet=quiet) as say:
        import SimpleITK as sitk

        from coconet_med.color.readback import read_back
        from coconet_med.writers import PICTURE_SUFFIXES, VOLUME_SUFFIXES, check_file, spare_inputs
        from coconet_med.writers.atomic import write_together
        from coconet_med.writers.volumes import write_volume

        check_file(output, overwrite=overwrite)
        spare_inputs([output], [fused])
        flat = fused.suffix.lower() in PICTURE_SUFFIXES
        wanted = (".tif", ".tiff") if flat else VOLUME_SUFFIXES
        if not output.name.lower().endswith(wanted):
            raise FusionError(f"{output}: end the name in {' or '.join(wanted)}")
        found = read_back(fused, colormap=colormap, window=window, strength=strength, units=units)
        write = sitk.WriteImage if flat else write_volume
        write_together([(output, lambda part: write(found.uptake, part))], overwrite=overwrite)
        for warning in found.warnings:
            say.warning(warning)
        say.done(f"wrote {output}; {found.words()}")


class _Pair:
    """What is measured: uptake, anatomy where there is one, and how they lie."""

    def __init__(
        self, uptake: sitk.Image, anatomy: sitk.Image | None, transform: Any, units: str, read_from: str
    ) -> None:
        self.uptake, self.anatomy, self.transform, self.units = uptake, anatomy, transform, units
        self.read_from = read_from
        self.alignment: dict[str, Any] | None = None
        self.warnings: tuple[str, ...] = ()
        self.resampled: sitk.Image = uptake
        self.source: Source | None = None

    def ratio_writer(self, mean: float) -> Any:
        import SimpleITK as sitk

        from coconet_med.writers.volumes import write_volume

        ratio = sitk.Cast(self.resampled / mean, sitk.sitkFloat32)
        return lambda part: write_volume(ratio, part)


def _pair(images: list[Path], options: FuseOptions, say: Reporter) -> _Pair:
    from coconet_med.steps.checked import share_of
    from coconet_med.steps.prepare import prepare_pair
    from coconet_med.viewer.opening import is_fused

    if len(images) == 1 and is_fused(images[0]):
        if chosen := options.chosen():
            option = chosen[0].removesuffix("_kind").replace("_", "-")
            raise FusionError(f"--{option}: is for a pair or a DICOM study, and {images[0].name} is one fused volume")
        return _fused(images[0])
    read = prepare_pair(images[0], images[1] if len(images) == 2 else None, options)
    first, second = read.anatomy, read.function
    if first.planar or second.planar:
        raise FusionError(f"{images[0].name}: is a picture, which has no millimeters; measure volumes")
    alignment = read.align(progress=share_of(say.progress, "align"))
    pair = _Pair(second.image, first.image, alignment.transform, second.units, "the functional image")
    pair.source, pair.resampled = first, alignment.function
    pair.alignment, pair.warnings = alignment.summary(), read.warnings(alignment)
    return pair


def _fused(path: Path) -> _Pair:
    """The uptake of a fused volume: what lies beside it (``--uptake``), else what is read from its colors."""
    import SimpleITK as sitk

    from coconet_med.color.readback import facts_beside, of_another, read_back
    from coconet_med.readers.intact import check_intact
    from coconet_med.writers import split_suffix

    found, stale = read_back(path), ""
    if found.uptake.GetDimension() == 2:
        raise FusionError(f"{path}: is a picture, which has no millimeters; measure volumes")
    stem, suffix = split_suffix(path)
    beside = path.with_name(f"{stem}_uptake{suffix or '.nii.gz'}")
    if beside.is_file():
        check_intact(beside)
        uptake = sitk.ReadImage(str(beside), sitk.sitkFloat32)
        if not of_another(beside, uptake, facts_beside(path), "uptake"):
            pair = _Pair(uptake, None, None, found.units, beside.name)
            pair.warnings = found.warnings
            return pair
        stale = f"{beside.name} is not of this result, as the side-car tells, and was left aside; "
    pair = _Pair(found.uptake, None, None, found.units, f"the colors of {path.name}")
    pair.warnings = (
        *found.warnings,
        f"{path.name}: {stale}uptake was read from the colors alone; {found.words()}; fuse with --uptake for more",
    )
    return pair


def _partial(rows: list[Any]) -> list[str]:
    names = [f"{row.name} ({row.covered:.0%})" for row in rows if row.covered < 0.995]
    if not names:
        return []
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return [f"only partly in the functional field of view, and measured there alone: {', '.join(names[:5])}{more}"]


def _text(rows: list[Any], units: str) -> str:
    from coconet_med.system.printable import printable

    width = max(len(row.name) for row in rows)
    lines = [f"{'region':{width}}  {'ml':>9} {'mean':>10} {'max':>10} {'peak':>10} {'SD':>10}  {units}"]
    for row in rows:
        suvr = "" if row.suvr != row.suvr else f"  SUVR {row.suvr:.3f}"
        figures = (row.uptake_mean, row.uptake_max, row.uptake_peak, row.uptake_sd)
        lines.append(f"{row.name:{width}}  {row.volume_ml:9.2f} {' '.join(f'{v:10.4g}' for v in figures)}{suvr}")
    return printable("\n".join(lines), keep="\n")
