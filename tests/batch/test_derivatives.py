"""A dataset of derivatives overwrites no other one, and links to its source."""

from __future__ import annotations

import json

import pytest
from batch_phantom import bids_dataset

from coconet_med.batch.derivatives import write_dataset
from coconet_med.errors import OptionError


def test_derivatives_do_not_overwrite_another_dataset(tmp_path):
    root = bids_dataset(tmp_path / "ds", ())
    other = bids_dataset(tmp_path / "other", ())
    with pytest.raises(OptionError, match="is the source dataset"):
        write_dataset(root, root)
    with pytest.raises(OptionError, match="holds another BIDS dataset"):
        write_dataset(other, root)
    with pytest.raises(OptionError, match="lies among the files of a participant; give another folder, such as "):
        write_dataset(root / "sub-01" / "fused", root)
    for shared in (root / "derivatives", root / "code", other / "derivatives"):
        with pytest.raises(OptionError, match=r"give one of its own below it, such as .*coconet_med$"):
            write_dataset(shared, root)
    write_dataset(root / "derivatives" / "coconet_med", root)
    (tmp_path / "bare" / "sub-01" / "pet").mkdir(parents=True)
    with pytest.raises(OptionError, match="holds participants of another dataset; give a folder of its own"):
        write_dataset(tmp_path / "bare", root)


def test_derivatives_elsewhere_link_to_their_source_by_its_full_path(tmp_path):
    root = bids_dataset(tmp_path / "a/ds", ())
    write_dataset(tmp_path / "b/out", root)
    links = json.loads((tmp_path / "b/out/dataset_description.json").read_text(encoding="utf-8"))["DatasetLinks"]
    assert links["raw"] == root.as_uri()
