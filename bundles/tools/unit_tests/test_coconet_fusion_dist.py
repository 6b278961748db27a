"""The same for several processes: on the GPUs that are there, else two on the CPU."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import torch
from test_coconet_fusion import BUNDLE, SMALL, make_pairs


class TestCoconetFusionDist(unittest.TestCase):
    def setUp(self) -> None:
        self.work = tempfile.mkdtemp()
        self.dataset_dir, self.output_dir = (os.path.join(self.work, name) for name in ("data", "eval"))
        os.mkdir(self.dataset_dir)
        make_pairs(self.dataset_dir, 3)

    def tearDown(self) -> None:
        shutil.rmtree(self.work)

    def _run(self, names: list[str], **override: object) -> None:
        files = [os.path.join(BUNDLE, "configs", f"{name}.json") for name in names]
        values = {**override, "dataset_dir": self.dataset_dir, "output_dir": self.output_dir}
        words = ["--standalone", "--nnodes=1", f"--nproc_per_node={max(2, torch.cuda.device_count())}"]
        words += ["-m", "monai.bundle", "run", "--config_file", str(files)]
        words += [word for key, value in values.items() for word in (f"--{key}", str(value))]
        subprocess.check_call([sys.executable, "-m", "torch.distributed.run", *words])

    def test_train_and_evaluate(self) -> None:
        self._run(["train", "multi_gpu_train"], **SMALL)
        assert len(glob.glob(os.path.join(self.output_dir, "events.out.tfevents.*"))) == 1
        models = os.path.join(self.output_dir, "models")
        self._run(["train", "evaluate", "multi_gpu_evaluate"], **{**SMALL, "ckpt_dir": models})
        assert os.path.isfile(os.path.join(self.output_dir, "metrics.csv"))


if __name__ == "__main__":
    unittest.main()
