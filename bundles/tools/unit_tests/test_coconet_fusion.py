"""Unit tests of the bundle in the model zoo's form: ``ci/unit_tests/runner.py --b coconet_fusion`` runs them."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest

from monai.bundle import ConfigWorkflow

BUNDLE = "models/coconet_fusion"
SMALL = {
    "bundle_root": BUNDLE,
    "epochs": 1,
    "val_interval": 1,
    "size": 32,
    "slices_per_case": 1,
    "finetune": False,
}


def make_pairs(folder: str, count: int = 2) -> None:
    """Generated heads as ``case_N/mri.nii.gz`` and ``pet.nii.gz``: noise would be refused as no pair of one head."""
    from pathlib import Path

    from coconet_med.phantom import head_phantom
    from coconet_med.writers.volumes import write_volume

    for number in range(count):
        head = head_phantom(spacing=8.0, pet_spacing=8.0, noise=0.1 * number)
        case = Path(folder) / f"case_{number}"
        case.mkdir()
        write_volume(head.t1, case / "mri.nii.gz")
        write_volume(head.pet, case / "pet.nii.gz")


class TestCoconetFusion(unittest.TestCase):
    def setUp(self) -> None:
        self.work = tempfile.mkdtemp()
        self.dataset_dir, self.output_dir = (os.path.join(self.work, name) for name in ("data", "eval"))
        os.mkdir(self.dataset_dir)
        make_pairs(self.dataset_dir)

    def tearDown(self) -> None:
        shutil.rmtree(self.work)

    def _workflow(self, kind: str, names: list[str], **override: object) -> ConfigWorkflow:
        files = [os.path.join(BUNDLE, "configs", f"{name}.json") for name in names]
        workflow = ConfigWorkflow(
            workflow_type=kind,
            config_file=files if len(files) > 1 else files[0],
            logging_file=os.path.join(BUNDLE, "configs", "logging.conf"),
            meta_file=os.path.join(BUNDLE, "configs", "metadata.json"),
            dataset_dir=self.dataset_dir,
            output_dir=self.output_dir,
            **override,
        )
        workflow.initialize()
        assert not workflow.check_properties()
        return workflow

    def test_train_and_evaluate(self) -> None:
        trainer = self._workflow("train", ["train"], **SMALL)
        trainer.run()
        trainer.finalize()
        models = os.path.join(self.output_dir, "models")
        assert os.path.isfile(os.path.join(models, "model.pt"))
        validator = self._workflow("train", ["train", "evaluate"], **{**SMALL, "ckpt_dir": models})
        validator.run()
        validator.finalize()
        assert os.path.isfile(os.path.join(self.output_dir, "metrics.csv"))

    def test_infer(self) -> None:
        inferrer = self._workflow("infer", ["inference"], bundle_root=BUNDLE)
        inferrer.run()
        inferrer.finalize()
        wanted = {f"case_{n}_{what}.nii.gz" for n in (0, 1) for what in ("fused", "luminance")}
        assert set(os.listdir(self.output_dir)) == wanted


if __name__ == "__main__":
    unittest.main()
