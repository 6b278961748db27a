"""Where a training runs: what is chosen by itself, and what is refused."""

from __future__ import annotations

import sys

import pytest
import torch

from coconet_med.errors import OptionError
from coconet_med.training import distributed
from coconet_med.training.distributed import best_precision, distributed_context, keep_memory


def test_alone_on_the_cpu_is_the_first_of_one():
    where = distributed_context("cpu", "fp32")
    assert (where.device.type, where.dtype, where.first, where.shared) == ("cpu", torch.float32, True, False)


@pytest.mark.parametrize(("device", "precision"), [("tape", "auto"), ("cuda:99", "auto"), ("cpu", "fp8")])
def test_what_is_not_there_is_refused(device: str, precision: str):
    with pytest.raises(OptionError, match=r"use --device cpu|choose auto"):
        distributed_context(device, precision)


def test_fp16_needs_a_gpu():
    with pytest.raises(OptionError, match="needs a GPU"):
        distributed_context("cpu", "fp16")


def test_the_cpu_takes_bf16_only_where_it_has_instructions_for_it(monkeypatch: pytest.MonkeyPatch):
    for has, precision in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(distributed, "_processor_has_bf16", lambda has=has: has)
        assert best_precision(torch.device("cpu")) == precision


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_glibc_takes_the_wish_to_keep_memory(monkeypatch: pytest.MonkeyPatch):
    reported = []

    class Library:
        @staticmethod
        def mallopt(name: int, value: int) -> int:
            reported.append((name, value))
            return 1

    monkeypatch.setattr(distributed.ctypes, "CDLL", lambda name: Library)
    assert keep_memory()
    assert dict(reported) == {-4: 0, -1: 2**31 - 1, -2: 200_000_000}
    monkeypatch.setattr(distributed.ctypes, "CDLL", lambda name: object())
    assert not keep_memory()
