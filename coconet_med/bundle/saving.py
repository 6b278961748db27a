"""Results of the bundle on disk: one name for each case, written by the package's own writer.

Three pieces for :class:`monai.transforms.SaveImaged`, which by itself names results after the basename of the input
(``a/mri.nii.gz`` and ``b/mri.nii.gz`` would overwrite each other) and writes RGB as a fourth dimension.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from monai.config import KeysCollection, PathLike
from monai.data import FolderLayoutBase, ImageWriter
from monai.transforms import MapTransform

from coconet_med.errors import WriteError
from coconet_med.geometry import NiftiForms, geometry_from_affine, set_geometry
from coconet_med.transforms.metatensor import forms_of
from coconet_med.writers.atomic import write_together
from coconet_med.writers.volumes import write_volume


class NameByCased(MapTransform):
    """Let images be called by the id of their case (``meta["filename_or_obj"]``).

    Args:
        keys: images.
        id_key: where :func:`~coconet_med.bundle.datalist.find_pairs` put the id.
        allow_missing_keys: as everywhere in MONAI.
    """

    def __init__(self, keys: KeysCollection, *, id_key: str = "id", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.id_key = id_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        d = dict(data)
        for key in self.key_iterator(d):
            d[key].meta["filename_or_obj"] = str(d[self.id_key])
        return d


class CaseLayout(FolderLayoutBase):
    """``OUTPUT_DIR/ID_POSTFIX.nii.gz``, whatever dots the id holds.

    Args:
        output_dir: made if it is missing.
        postfix: what the file holds, such as ``"fused"``.
        extension: ``".nii.gz"``, ``".nii"``, ``".nrrd"`` or ``".mha"``.

    Raises:
        WriteError: the folder cannot be made.
    """

    def __init__(self, output_dir: PathLike, *, postfix: str, extension: str = ".nii.gz") -> None:
        self.output_dir, self.postfix, self.extension = Path(output_dir), postfix, extension

    def filename(self, *, subject: str, **_: Any) -> Path:  # type: ignore[override]
        try:
            self.output_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{self.output_dir}: cannot be made ({error.strerror}); choose another output_dir"
            raise WriteError(msg) from error
        return self.output_dir / f"{subject}_{self.postfix}{self.extension}"


class VolumeWriter(ImageWriter):
    """Writes (1, i, j, k) scalars and (3, i, j, k) ``uint8`` RGB as ``coconet-med fuse`` does: RGB24, whole or not.

    An earlier result of the same name is replaced.
    """

    def __init__(self, output_dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(output_dtype=output_dtype, affine=np.eye(4), **kwargs)
        self.output_dtype = output_dtype
        self.forms: NiftiForms | None = None

    def set_data_array(self, data_array: Any, channel_dim: int | None = 0, **_: Any) -> None:
        array = np.asarray(data_array if channel_dim is not None else data_array[None])
        self.data_obj = array if self.output_dtype is None else array.astype(self.output_dtype)

    def set_metadata(self, meta_dict: Mapping | None, **_: Any) -> None:
        self.affine = np.asarray((meta_dict or {}).get("affine", np.eye(4)), float)
        self.forms = forms_of(meta_dict or {})

    def write(self, filename: PathLike, verbose: bool = True, **kwargs: Any) -> None:
        super().write(filename, verbose=verbose)
        image = self._image(str(filename))
        write_together([(Path(filename), lambda part: write_volume(image, part, forms=self.forms))], overwrite=True)

    def _image(self, name: str) -> sitk.Image:
        channels = np.asarray(self.data_obj).transpose(3, 2, 1, 0)  # (k, j, i, channel)
        color = channels.shape[-1] == 3
        image = sitk.GetImageFromArray(np.ascontiguousarray(channels if color else channels[..., 0]), isVector=color)
        set_geometry(image, *geometry_from_affine(self.affine, name))
        return image
