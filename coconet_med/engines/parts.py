"""CoCoNet as three OpenVINO models, so that most of it can be computed in bfloat16 and the fine layers in float32.

OpenVINO takes one precision for a whole model.  What must not be rounded are the sources, what the guide counts over
the whole picture, and the mixing; the features in between may be, as what they become is low-passed before it is mixed.
But in a narrow network, whose few channels average less of the rounding away, all at full and half resolution matters,
and the trunk below: in single places the picture follows a small change of it many times as far as elsewhere.

The parts compute what :class:`coconet_med.network.CoCoNet` does, with the same weights, arranged for the processor:
feature maps pass between the parts with channels last, as the convolutions want them, and layers with few channels
compute neighboring pixels together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.engines.layers import Kind, Layers
from coconet_med.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import openvino as ov

#: Sides of the pictures that the parts take are multiples of this; the engine pads and crops.
SIZE_MULTIPLE = 16

#: How often CoCoNet uses what it is made of.
_OPERATIONS = {
    "AvgPool": 7,
    "BatchNormInference": 15,
    "Convolution": 66,
    "GroupConvolution": 5,
    "Interpolate": 6,
    "MatMul": 18,
    "MaxPool": 12,
    "PRelu": 15,
    "ReduceL2": 18,
    "ReduceMax": 11,
    "ReduceSum": 10,
    "Relu": 16,
    "Softmax": 9,
}

#: Width of the first level from which on the rounding of half the resolution averages out; such a network is wide.
_WIDE = 16

#: What the deep part begins with: of the trunk and of both sources.
_BEGUN = ("trunk", "anatomy", "function")


@dataclass(frozen=True)
class Parts:
    """The network for pictures of one size.

    Attributes:
        fine: image (1, 2, H, W) -> features at full resolution, and what the levels below begin with; float32.  Of a
            narrow network also the level at half resolution, and the trunk at a quarter of it.
        deep: the latter -> decoded features at full resolution, of a wide network joined with those; bfloat16.
        finish: these and image -> fused luminance (1, H, W, 1); float32.  Of a narrow network they are joined here.
    """

    fine: ov.Model
    deep: ov.Model
    finish: ov.Model


def weights_of(model: ov.Model) -> dict[str, np.ndarray]:
    """Weights by the names that CoCoNet gives them, from the model read from its ``.onnx`` file.

    Weights stored in half precision (``NAME_half``, as :mod:`coconet_med.training.export` does) become float32.

    Raises:
        ModelError: the file does not hold CoCoNet: weights are missing, or have other shapes.
    """
    kinds = Counter(node.get_type_name() for node in model.get_ops())
    if any(kinds[kind] != count for kind, count in _OPERATIONS.items()):
        msg = "not CoCoNet: it has other operations"
        raise ModelError(msg)
    found = {
        node.get_friendly_name().removesuffix("_half"): np.array(node.data, np.float32)
        for node in model.get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type().is_real()
    }
    first = found.get("encode1.0.0.weight")
    width = first.shape[0] if first is not None and first.ndim == 4 else 0
    for name, shape in _shapes(width).items():
        if name not in found or found[name].shape != shape:
            msg = f"not CoCoNet: {name} is not there in the shape {shape}"
            raise ModelError(msg)
    return found


def build_parts(weights: Mapping[str, np.ndarray], height: int, width: int, *, deep: Kind) -> Parts:
    """The three models for pictures of ``height`` x ``width``, both multiples of :data:`SIZE_MULTIPLE`.

    Args:
        weights: by name, see :func:`weights_of`.
        height: rows.
        width: columns.
        deep: in what the deep part will be computed, and receives its features.
    """
    return Parts(
        _fine(weights, height, width, deep), _deep(weights, height, width, deep), _finish(weights, height, width)
    )


def _shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Shapes of all weights of a network of this width."""
    w1, w2, w3, w4 = width, 2 * width, 4 * width, 8 * width
    layers = {"out": (3, w1, 1, 1), "guide.second": (w1, w1, 3, 3)}
    layers |= {"features.conv1_1": (w2, 1, 3, 3), "features.conv1_2": (w2, w2, 3, 3)}
    layers |= {"features.conv2_1": (w3, w2, 3, 3), "features.conv2_2": (w3, w3, 3, 3)}
    layers |= {"features.conv3_1": (w4, w3, 3, 3)} | {f"features.conv3_{n}": (w4, w4, 3, 3) for n in (2, 3, 4)}
    blocks = {"encode4": (w4, w3), "bottom": (w4, w4)}
    for level, inputs, outputs in ((1, 2, w1), (2, w1, w2), (3, w2, w3)):
        blocks |= {f"encode{level}.0": (outputs, inputs), f"encode{level}.1": (outputs, outputs)}
        blocks |= {f"decode{level}.join.0": (outputs, 2 * outputs), f"decode{level}.join.1": (outputs, outputs)}
        layers[f"decode{level}.halve"] = (outputs, 2 * outputs, 3, 3)
    shapes: dict[str, tuple[int, ...]] = {}
    for level, channels in ((2, w2), (3, w3), (4, w4)):
        for kind in ("query", "key", "value"):
            layers[f"ensemble{level}.attention.{kind}"] = (channels, channels, 3, 3)
        layers[f"ensemble{level}.merge"] = (channels, 3 * channels, 3, 3)
        shapes[f"ensemble{level}.attention.gamma"] = ()
    blocks["guide.first"] = (w1, 6)
    for name, (outputs, inputs) in blocks.items():
        layers[f"{name}.0"] = (outputs, inputs, 3, 3)
        shapes |= {f"{name}.2.{kind}": (outputs,) for kind in ("weight", "bias", "running_mean", "running_var")}
    for name, shape in layers.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return shapes


def _fine(weights: Mapping[str, np.ndarray], height: int, width: int, deep: Kind) -> ov.Model:
    net = Layers(weights)
    image = net.given("image", (1, 2, height, width))
    scaled = net.op.subtract(net.op.multiply(image, net.constant(2.0)), net.constant(1.0))
    anatomy, function = (net.channel(scaled, n) for n in range(2))
    full = net.pair(net.op.concat([function, anatomy], 1), "encode1")
    sources = [net.pool(net.features(x, "features.conv1_1")) for x in (anatomy, function)]
    level = dict(zip(_BEGUN, [net.op.add(net.pool(full), net.guide(image)), *sources], strict=True))
    if _wide(weights):
        full = net.op.convert(full, deep)
    else:
        level = _half(net, level)
    return net.model({"full": full} | {name: net.op.convert(x, deep) for name, x in level.items()})


def _wide(weights: Mapping[str, np.ndarray]) -> bool:
    return len(weights["encode1.0.0.bias"]) >= _WIDE


def _half(net: Layers, level: Mapping[str, Any]) -> dict[str, Any]:
    """The level at half resolution: its ensemble (``half``), and of the level below the trunk and pooled sources."""
    halves = [
        net.pair(level["trunk"], "encode2"),
        *(net.features(level[name], "features.conv1_2") for name in _BEGUN[1:]),
    ]
    small = [net.pool(x) for x in halves]
    below = dict(zip(_BEGUN, [net.pair(small[0], "encode3"), *small[1:]], strict=True))
    return {"half": net.ensemble(halves, small, "ensemble2"), **below}


def _deep(weights: Mapping[str, np.ndarray], height: int, width: int, deep: Kind) -> ov.Model:
    net = Layers(weights)
    w1, wide = weights["encode1.0.0.bias"].shape[0], _wide(weights)
    by, channels = (2, (w1, 2 * w1, 2 * w1)) if wide else (4, (4 * w1, 2 * w1, 2 * w1))
    level = {
        name: net.given_last(name, (1, height // by, width // by, count), deep)
        for name, count in zip(_BEGUN, channels, strict=True)
    }
    if wide:
        level = _half(net, level)
    else:
        level["half"] = net.given_last("half", (1, height // 2, width // 2, 2 * w1), deep)
    sources = [net.features(level[name], "features.conv2_1", "features.conv2_2") for name in _BEGUN[1:]]
    quarters = [level["trunk"], *sources]
    smaller = [net.pool(x) for x in quarters]
    names = [f"features.conv3_{number}" for number in (1, 2, 3, 4)]
    eighths = [net.block(smaller[0], "encode4"), *(net.features(x, *names) for x in smaller[1:])]
    y = net.block(net.ensemble(eighths, [net.pool(x) for x in eighths], "ensemble4"), "bottom")
    y = net.joined(net.raised(y, "decode3"), net.ensemble(quarters, smaller, "ensemble3"), "decode3")
    y = net.joined(net.raised(y, "decode2"), level["half"], "decode2")
    y = net.raised(y, "decode1")
    if wide:
        y = net.joined(y, net.given_last("full", (1, height, width, w1), deep), "decode1", last=True)
    return net.model({"deep": y})


def _finish(weights: Mapping[str, np.ndarray], height: int, width: int) -> ov.Model:
    net = Layers(weights)
    w1 = weights["encode1.0.0.bias"].shape[0]
    y = net.given_last("deep", (1, height, width, w1))
    if not _wide(weights):
        y = net.joined(y, net.given_last("full", (1, height, width, w1)), "decode1", last=True)
    image = net.given("image", (1, 2, height, width))
    y = net.softened(net.conv(y, "out"), image)
    amount, *shares = (net.channel(y, n) for n in range(3))
    anatomy, function = (net.channel(image, n) for n in range(2))
    fused = net.op.add(net.op.add(anatomy, amount), net.op.multiply(shares[0], anatomy))
    fused = net.op.add(fused, net.op.multiply(shares[1], function))
    return net.model({"pred": net.op.clamp(fused, 0.0, 1.0)})
