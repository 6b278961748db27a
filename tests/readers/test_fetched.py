"""An image whose content is not here."""

from __future__ import annotations

import pytest

from coconet_med.errors import ReadError
from coconet_med.readers import read


def test_an_image_whose_content_is_not_here_says_how_to_get_it(tmp_path):
    link = tmp_path / "sub-01_pet.nii.gz"
    link.symlink_to("../.git/annex/objects/aa/SHA256E-s1.nii.gz")
    with pytest.raises(ReadError, match="its content is not here \\(a git-annex link\\); get it with: datalad get"):
        read(link, "function")
    pointer = tmp_path / "sub-02_pet.nii.gz"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", encoding="utf-8")
    with pytest.raises(ReadError, match="get it with: git lfs pull --include"):
        read(pointer, "function")
