"""How often the check of a given transform tells its direction: random motions of the generated head, both directions.

python benchmarks/given_transforms.py
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.align import align_as_given
from coconet_med.errors import RegistrationError
from coconet_med.geometry import direction_matrix
from coconet_med.phantom import head_phantom
from coconet_med.source import Source
from coconet_med.transform_files import StoredTransform

#: Rotation about a random axis in degrees, and shift in a random direction in mm.
MOTIONS = ((1.0, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 16.0), (15.0, 40.0))


def main(each: int = 8) -> None:
    rng = np.random.default_rng(23)
    head = head_phantom(spacing=2.0, pet_spacing=3.0, noise=0.5)
    print("| motion | right direction taken | wrong direction refused |\n|---|---|---|")
    for degrees, shift in MOTIONS:
        taken = refused = 0
        for _ in range(each):
            axis, way = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 3)))
            turn = sitk.VersorTransform(axis.tolist(), np.radians(degrees))
            matrix = np.eye(4)
            matrix[:3, :3] = np.array(turn.GetMatrix()).reshape(3, 3)
            matrix[:3, 3] = shift * way
            pet = sitk.Image(head.pet)
            pet.SetOrigin((matrix @ [*head.pet.GetOrigin(), 1.0])[:3].tolist())
            pet.SetDirection((matrix[:3, :3] @ direction_matrix(head.pet)).ravel().tolist())
            pair = Source(head.t1, "T1"), Source(pet, "PET")
            stored = StoredTransform(matrix, np.linalg.inv(matrix), "x.tfm", "ITK", "as it says")
            taken += _accepted(*pair, stored)
            refused += not _accepted(*pair, stored.inverted())
        print(f"| {degrees:g} degrees, {shift:g} mm | {taken} of {each} | {refused} of {each} |")


def _accepted(anatomy: Source, function: Source, stored: StoredTransform) -> bool:
    try:
        align_as_given(anatomy, function, stored)
    except RegistrationError:
        return False
    return True


if __name__ == "__main__":
    main()
