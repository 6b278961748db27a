"""CoCoNet as three OpenVINO models, so that the deep levels can be computed in bfloat16 and the fine ones in float32.

OpenVINO takes one precision for a whole model.  In bfloat16 throughout, the network is off by up to 4/255, which is
visible; nearly all of that comes from the layers at full resolution and the features at half resolution.  The levels
below are harmless, but for the first features of the two sources, which are cheap, and so is what is decoded of them.

The parts compute what :class:`coconet_med.network.CoCoNet` does, with the same weights, arranged for the processor:
feature maps pass between the parts with channels last, as the convolutions want them, and layers with few channels
compute neighboring pixels together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coconet_med.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import openvino as ov

#: Sides of the pictures that the parts take are multiples of this; the engine pads and crops.
SIZE_MULTIPLE = 16

#: Types of numbers, as OpenVINO calls them.
Kind = Literal["f32", "bf16"]

_SLOPE, _EPSILON = 0.2, 1e-5
#: How often CoCoNet uses what it is made of.
_OPERATIONS = {
    "BatchNormInference": 14,
    "Convolution": 64,
    "Interpolate": 3,
    "MatMul": 18,
    "MaxPool": 12,
    "PRelu": 14,
    "ReduceL2": 18,
    "ReduceMax": 9,
    "Relu": 16,
    "Softmax": 9,
    "Tanh": 1,
}

#: What the deep part begins with, at a quarter of the resolution.
_BEGUN = ("trunk", "anatomy", "function")


@dataclass(frozen=True)
class Parts:
    """The network for pictures of one size.

    Attributes:
        fine: image (1, 2, H, W) -> features at full resolution, the ensemble at half resolution, and what the levels
            below begin with; float32.
        deep: the latter two -> decoded features at half resolution; bfloat16.
        finish: these and those at full resolution -> fused luminance (1, H, W, 1); float32.
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
    layers = {"out": (1, w1, 1, 1)}
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
    for name, (outputs, inputs) in blocks.items():
        layers[f"{name}.0"] = (outputs, inputs, 3, 3)
        shapes |= {f"{name}.2.{kind}": (outputs,) for kind in ("weight", "bias", "running_mean", "running_var")}
    for name, shape in layers.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return shapes


def _fine(weights: Mapping[str, np.ndarray], height: int, width: int, deep: Kind) -> ov.Model:
    net = _Layers(weights)
    image = net.given("image", (1, 2, height, width))
    scaled = net.op.subtract(net.op.multiply(image, net.constant(2.0)), net.constant(1.0))
    anatomy, function = (net.channel(scaled, n) for n in range(2))
    full = net.pair(net.op.concat([function, anatomy], 1), "encode1")
    first = [net.pool(net.features(x, "features.conv1_1")) for x in (anatomy, function)]
    half = [net.pair(net.pool(full), "encode2"), *(net.features(x, "features.conv1_2") for x in first)]
    pooled = [net.pool(x) for x in half]
    begun = [pooled[0], *(net.features(x, "features.conv2_1", "features.conv2_2") for x in pooled[1:])]
    short = {"half": net.ensemble(half, pooled, "ensemble2"), **dict(zip(_BEGUN, begun, strict=True))}
    return net.model({"full": full} | {name: net.op.convert(x, deep) for name, x in short.items()})


def _deep(weights: Mapping[str, np.ndarray], height: int, width: int, deep: Kind) -> ov.Model:
    net = _Layers(weights)
    w1 = weights["encode1.0.0.bias"].shape[0]
    half = net.given_last("half", (1, height // 2, width // 2, 2 * w1), deep)
    shapes = [(1, height // 4, width // 4, channels) for channels in (2 * w1, 4 * w1, 4 * w1)]
    trunk, *sources = (net.given_last(name, shape, deep) for name, shape in zip(_BEGUN, shapes, strict=True))
    quarters = [net.pair(trunk, "encode3"), *sources]
    pooled = [net.pool(x) for x in quarters]
    names = [f"features.conv3_{number}" for number in (1, 2, 3, 4)]
    eighths = [net.block(pooled[0], "encode4"), *(net.features(x, *names) for x in pooled[1:])]
    y = net.block(net.ensemble(eighths, [net.pool(x) for x in eighths], "ensemble4"), "bottom")
    y = net.up(y, net.ensemble(quarters, pooled, "ensemble3"), "decode3")
    return net.model({"deep": net.up(y, half, "decode2")})


def _finish(weights: Mapping[str, np.ndarray], height: int, width: int) -> ov.Model:
    net = _Layers(weights)
    w1 = weights["encode1.0.0.weight"].shape[0]
    full = net.given_last("full", (1, height, width, w1))
    deep = net.given_last("deep", (1, height // 2, width // 2, 2 * w1))
    y = net.conv(net.up(deep, full, "decode1"), "out")
    fused = net.op.add(net.op.multiply(net.op.tanh(y), net.constant(0.5)), net.constant(0.5))
    return net.model({"pred": fused})


class _Layers:
    """The layers of CoCoNet as OpenVINO operations on (1, C, H, W)."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        import openvino.opset13 as op

        self.op, self.weights = op, weights
        self.inputs: list[Any] = []

    def constant(self, values: Any) -> Any:
        return self.op.constant(np.asarray(values, np.float32))

    def given(self, name: str, shape: tuple[int, ...], kind: Kind = "f32") -> Any:
        """An input of the model."""
        import openvino as ov

        self.inputs.append(self.op.parameter(shape, getattr(ov.Type, kind), name=name))
        self.inputs[-1].output(0).get_tensor().set_names({name})
        return self.inputs[-1]

    def given_last(self, name: str, shape: tuple[int, ...], kind: Kind = "f32") -> Any:
        """An input with channels last."""
        x = self.given(name, shape, kind)
        return self.op.transpose(x if kind == "f32" else self.op.convert(x, "f32"), [0, 3, 1, 2])

    def model(self, outputs: dict[str, Any]) -> ov.Model:
        """The model with these outputs, with channels last."""
        import openvino as ov

        last = {name: self.op.transpose(node, [0, 2, 3, 1]) for name, node in outputs.items()}
        for name, node in last.items():
            node.output(0).get_tensor().set_names({name})
        return ov.Model([self.op.result(node) for node in last.values()], self.inputs, "coconet")

    def channel(self, x: Any, number: int) -> Any:
        return self.op.slice(x, [number], [number + 1], [1], [1])

    def pool(self, x: Any) -> Any:
        return self.op.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)

    def conv(self, x: Any, name: str) -> Any:
        """Convolution that keeps the size."""
        return self.convolved(x, name, lambda y, count: y)

    def convolved(self, x: Any, name: str, finish: Callable[[Any, int], Any]) -> Any:
        """Convolution that keeps the size, and what follows it channel by channel.

        Where neighboring pixels are computed :meth:`together`, the convolution steps by two pixels and has its weights
        twice, side by side; memory then holds the same as without.

        Args:
            x: (1, C, H, W).
            name: of the layer.
            finish: given the output, in which each channel comes this many times over.
        """
        weight, bias = (self.weights[f"{name}.{kind}"] for kind in ("weight", "bias"))
        count = self.together(name)
        if count == 2:
            weight = np.concatenate([np.pad(weight, ((0, 0), (0, 0), (0, 0), side)) for side in ((0, 1), (1, 0))])
        pad = [weight.shape[2] // 2] * 2
        y = self.op.convolution(x, self.constant(weight), [1, count], pad, pad, [1, 1])
        y = finish(self.op.add(y, self.channels(bias, count)), count)
        if count == 1:
            return y
        _, _, height, width = _shape(x)
        y = self.op.reshape(self.op.transpose(y, [0, 2, 3, 1]), np.array([1, height, width, len(bias)]), False)
        return self.op.transpose(y, [0, 3, 1, 2])

    def together(self, name: str) -> int:
        """How many neighboring pixels a layer computes at once: a processor's vector of 16 numbers holds two of 8
        channels.  Not in the encoder, where the pooling that follows would pay for it."""
        return 2 if len(self.weights[f"{name}.bias"]) <= 8 and not name.startswith("encode") else 1

    def channels(self, values: np.ndarray, count: int) -> Any:
        return self.constant(np.tile(values, count).reshape(1, -1, 1, 1))

    def features(self, x: Any, *names: str) -> Any:
        """Convolutions of the feature branch, one after the other, each rectified."""
        for name in names:
            x = self.op.relu(self.conv(x, name))
        return x

    def block(self, x: Any, name: str) -> Any:
        """Convolution, leaky ReLU, batch norm as one factor and one shift for each channel."""
        scale, shift, mean, variance = (
            self.weights[f"{name}.2.{kind}"].astype(np.float64)
            for kind in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPSILON)

        def normalized(y: Any, count: int) -> Any:
            y = self.op.multiply(self.op.prelu(y, self.constant([_SLOPE])), self.channels(factor, count))
            return self.op.add(y, self.channels(shift - mean * factor, count))

        return self.convolved(x, f"{name}.0", normalized)

    def pair(self, x: Any, name: str) -> Any:
        return self.block(self.block(x, f"{name}.0"), f"{name}.1")

    def up(self, x: Any, skip: Any, name: str) -> Any:
        """Bilinear upsampling by 2 and a halving convolution, then the skip connection and two convolutions."""
        x = self.op.interpolate(
            x,
            np.array([2.0, 2.0], np.float32),
            "linear_onnx",
            "scales",
            coordinate_transformation_mode="half_pixel",
            axes=[2, 3],
        )
        both = [skip, self.conv(x, f"{name}.halve")]
        if self.together(f"{name}.halve") == 1:
            return self.pair(self.op.concat(both, 1), f"{name}.join")
        # After neighboring pixels were computed together, channels lie last: joined there, nothing is moved.
        both = [self.op.transpose(y, [0, 2, 3, 1]) for y in both]
        return self.pair(self.op.transpose(self.op.concat(both, 3), [0, 3, 1, 2]), f"{name}.join")

    def attention(self, pooled: Any, name: str) -> Any:
        """Attention (1, C, C) between channels: see :func:`coconet_med.attention.channel_attention`."""
        query, key = (self.rows(self.conv(pooled, f"{name}.attention.{kind}")) for kind in ("query", "key"))
        lengths = [self.op.maximum(self.op.reduce_l2(y, [1], True), self.constant(1e-12)) for y in (query, key)]
        energy = self.op.matmul(query, key, True, False)
        energy = self.op.divide(self.op.divide(energy, self.op.transpose(lengths[0], [0, 2, 1])), lengths[1])
        return self.op.softmax(self.op.subtract(self.op.reduce_max(energy, [2], True), energy), 2)

    def ensemble(self, sources: list[Any], pooled: list[Any], name: str) -> Any:
        """The values of the three sources, mixed by the attention of their pooled features, and their merger."""
        gamma = self.weights[f"{name}.attention.gamma"]
        mixed = []
        for x, small in zip(sources, pooled, strict=True):
            value = self.conv(x, f"{name}.attention.value")
            gathered = self.op.matmul(self.rows(value), self.attention(small, name), False, True)
            _, channels, height, width = _shape(x)
            back = self.op.reshape(gathered, np.array([1, height, width, channels]), False)
            back = self.op.transpose(back, [0, 3, 1, 2])
            mixed.append(self.op.add(self.op.multiply(back, self.constant(gamma.reshape(1, 1, 1, 1))), value))
        return self.conv(self.op.concat(mixed, 1), f"{name}.merge")

    def rows(self, x: Any) -> Any:
        """(1, C, H, W) -> (1, H * W, C), which moves nothing where channels are last."""
        _, channels, height, width = _shape(x)
        return self.op.reshape(self.op.transpose(x, [0, 2, 3, 1]), np.array([1, height * width, channels]), False)


def _shape(x: Any) -> list[int]:
    """Shape of a node with one output, or of one output of a node."""
    return list(x.get_shape() if hasattr(x, "get_shape") else x.get_output_shape(0))
