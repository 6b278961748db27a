"""Where a training runs: device, precision, and the processes that share it."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import distributed

from coconet_med.errors import OptionError

Precision = Literal["auto", "fp32", "bf16", "fp16"]

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class DistributedContext:
    """One process of a training.

    Attributes:
        device: what it computes on.
        dtype: what autocast computes in; weights and losses stay float32.
        rank: number of the process.
        world: number of processes.
    """

    device: torch.device
    dtype: torch.dtype
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    @property
    def shared(self) -> bool:
        """Whether there are others."""
        return self.world > 1


def distributed_context(device: str = "auto", precision: Precision = "auto") -> DistributedContext:
    """The place of this process; joins the others where ``torchrun`` started several.

    Args:
        device: ``"auto"`` (a GPU where there is one), ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
        precision: ``"auto"`` takes bf16 where the hardware has it, on older GPUs fp16, else fp32.

    Raises:
        OptionError: a device or precision that is not there.
    """
    if precision not in get_args(Precision):
        msg = f"precision {precision!r}: choose {', '.join(get_args(Precision))}"
        raise OptionError(msg)
    rank, world = (int(os.environ.get(name, default)) for name, default in (("RANK", 0), ("WORLD_SIZE", 1)))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and world > 1:
        device = f"cuda:{int(os.environ.get('LOCAL_RANK', 0))}"
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        msg = f"device {device!r}: {str(error).splitlines()[0]}; use --device cpu"
        raise OptionError(msg) from error
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    dtype = _DTYPES[best_precision(chosen) if precision == "auto" else precision]
    if dtype == torch.float16 and chosen.type != "cuda":
        msg = "precision fp16 needs a GPU (its gradients must be scaled); use bf16 or fp32 on the CPU"
        raise OptionError(msg)
    return DistributedContext(chosen, dtype, rank, world)


def best_precision(device: torch.device) -> Literal["fp32", "bf16", "fp16"]:
    """The fastest precision that trains well on a device."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device.type == "cpu" and _processor_has_bf16():
        return "bf16"
    return "fp32"


def _processor_has_bf16() -> bool:
    """Without such instructions bf16 is emulated, and slower than float32."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        return False
    return any(flag in flags.split() for flag in ("avx512_bf16", "amx_bf16", "bf16"))


def leave() -> None:
    """Part from the other processes."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def keep_memory() -> bool:
    """Ask glibc to keep freed memory; returns whether it could be asked.

    A training step allocates and frees the same large tensors again and again.  By default glibc gives each back to
    the kernel and asks for it anew, and the kernel fills it with zeros page by page (figures: docs/lab/training.md).
    The same can be had for other programs with ``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=2147483647``.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    trim_threshold, top_pad, mmap_max = -1, -2, -4  # names of malloc.h
    return all((mallopt(mmap_max, 0), mallopt(trim_threshold, 2**31 - 1), mallopt(top_pad, 200_000_000)))
