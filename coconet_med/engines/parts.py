"""CoCoNet as three OpenVINO models, so that most of it can be computed in bfloat16 and the fine layers in float32.

OpenVINO takes one precision for a whole model.  What must not be rounded are the sources, what the guide counts over
the whole picture, and the mixing; the features in between may be, as what they become is low-passed before it is mixed.
But in a narrow network, whose few channels average less of the rounding away, all at full and half resolution matters.

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

#: As in :mod:`coconet_med.guide`, which cannot be imported without torch.
_DARK, _LEVELS, _SIGMA, _RADIUS = 10 / 255, 32, 1.0, 6

#: As in :mod:`coconet_med.mixing`.
_SMOOTH, _FINE = 4 / 255, 8 / 255

#: Width of the first level from which on a network is wide.
_WIDE = 16

#: What the deep part begins with: of the trunk and of both sources.
_BEGUN = ("trunk", "anatomy", "function")


@dataclass(frozen=True)
class Parts:
    """The network for pictures of one size.

    Attributes:
        fine: image (1, 2, H, W) -> features at full resolution, and what the levels below begin with; float32.  Of a
            narrow network also the level at half resolution.
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
    net = _Layers(weights)
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


def _half(net: _Layers, level: Mapping[str, Any]) -> dict[str, Any]:
    """The level at half resolution: its ensemble (``half``), and what the level below begins with."""
    halves = [
        net.pair(level["trunk"], "encode2"),
        *(net.features(level[name], "features.conv1_2") for name in _BEGUN[1:]),
    ]
    small = [net.pool(x) for x in halves]
    return {"half": net.ensemble(halves, small, "ensemble2"), **dict(zip(_BEGUN, small, strict=True))}


def _deep(weights: Mapping[str, np.ndarray], height: int, width: int, deep: Kind) -> ov.Model:
    net = _Layers(weights)
    w1, wide = weights["encode1.0.0.bias"].shape[0], _wide(weights)
    by, channels = (2, (w1, 2 * w1, 2 * w1)) if wide else (4, (2 * w1,) * 3)
    level = {
        name: net.given_last(name, (1, height // by, width // by, count), deep)
        for name, count in zip(_BEGUN, channels, strict=True)
    }
    if wide:
        level = _half(net, level)
    else:
        level["half"] = net.given_last("half", (1, height // 2, width // 2, 2 * w1), deep)
    sources = [net.features(level[name], "features.conv2_1", "features.conv2_2") for name in _BEGUN[1:]]
    quarters = [net.pair(level["trunk"], "encode3"), *sources]
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
    net = _Layers(weights)
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

    def guide(self, image: Any) -> Any:
        """What gray levels mean in their picture: see :class:`coconet_med.guide.Guide`."""
        half = self.shrunk(image, 2)
        low = self.low_passed(half)
        head, low_head = (self.head(x) for x in (half, low))
        ranks = [self.ranks(self.channel(half, n), head) for n in range(2)]
        shown = [*ranks, head, low, self.ranks(self.channel(low, 1), low_head)]
        return self.conv(self.block(self.op.concat(shown, 1), "guide.first"), "guide.second")

    def low_passed(self, x: Any) -> Any:
        """See :class:`coconet_med.guide.LowPass`."""
        t = np.arange(-_RADIUS, _RADIUS + 1)
        kernel = np.exp(-0.5 * (t / _SIGMA) ** 2)
        kernel = np.tile(kernel / kernel.sum(), (_shape(x)[1], 1, 1, 1, 1))  # group, output, input, row, column
        ends = np.array([0, 0, _RADIUS, _RADIUS])
        x = self.op.pad(x, ends, ends, "reflect")
        for across in (kernel, kernel.swapaxes(3, 4)):
            x = self.op.group_convolution(x, self.constant(across), [1, 1], [0, 0], [0, 0], [1, 1])
        return x

    def softened(self, x: Any, image: Any) -> Any:
        """See :class:`coconet_med.mixing.Soften`."""
        share, wide = self.doubled(self.detail(image)), self.mean(self.mean(self.shrunk(x, 2)))
        rest = self.op.multiply(self.op.subtract(self.constant(1.0), share), wide)
        return self.op.add(self.op.multiply(self.stretched(share), self.low_passed(x)), self.stretched(rest))

    def detail(self, image: Any) -> Any:
        """See :class:`coconet_med.mixing.Detail`."""
        kernel = np.full((2, 1, 1, 3, 3), -1 / 9)
        kernel[..., 1, 1] += 1.0
        ends = np.array([0, 0, 1, 1])
        beyond = self.op.pad(image, ends, ends, "edge")
        off = self.op.abs(self.op.group_convolution(beyond, self.constant(kernel), [1, 1], [0, 0], [0, 0], [1, 1]))
        # The sum of both and the mean of 4 x 4 pixels in one.
        summed = self.op.convolution(off, self.constant(np.full((1, 2, 4, 4), 1 / 16)), [4, 4], [0, 0], [0, 0], [1, 1])
        over = self.op.subtract(self.mean(self.mean(summed)), self.constant(_SMOOTH))
        return self.op.clamp(self.op.divide(over, self.constant(_FINE - _SMOOTH)), 0.0, 1.0)

    def stretched(self, x: Any) -> Any:
        """As :meth:`doubled`, by products of matrices: faster for few channels, which are filled up to 16 there."""
        rows, columns = (self.constant(_stretching(count)) for count in _shape(x)[2:])
        return self.op.matmul(self.op.matmul(rows, x, False, False), columns, False, True)

    def mean(self, x: Any) -> Any:
        """Of each pixel and its neighbors."""
        return self.op.avg_pool(x, [1, 1], [1, 1], [1, 1], [3, 3], True)

    def shrunk(self, x: Any, by: int) -> Any:
        return self.op.avg_pool(x, [by, by], [0, 0], [0, 0], [by, by], True)

    def head(self, x: Any) -> Any:
        bright = self.op.greater(self.op.reduce_max(x, [1], True), self.constant(_DARK))
        return self.op.convert(bright, "f32")

    def ranks(self, x: Any, mask: Any) -> Any:
        """(1, 1, H, W) twice -> (1, 1, H, W): see :func:`coconet_med.guide.ranks`."""
        edges = self.constant(np.arange(_LEVELS).reshape(1, 1, -1))
        reached = self.op.subtract(self.op.multiply(self.rows(x), self.constant(_LEVELS)), edges)
        through, inside = self.op.clamp(reached, 0.0, 1.0), self.rows(mask)
        count = self.op.maximum(self.op.reduce_sum(inside, [1], True), self.constant(1.0))
        beyond = self.op.divide(self.op.matmul(inside, through, True, False), count)
        before = self.op.slice(self.op.concat([self.constant([[[1.0]]]), beyond], 2), [0], [_LEVELS], [1], [2])
        darker = self.op.matmul(through, self.op.subtract(before, beyond), False, True)
        shape = np.array(_shape(x))
        return self.op.reshape(self.op.multiply(darker, inside), shape, False)

    def raised(self, x: Any, name: str) -> Any:
        """Bilinear upsampling by 2 and a halving convolution."""
        return self.conv(self.doubled(x), f"{name}.halve")

    def doubled(self, x: Any) -> Any:
        """Bilinear upsampling by 2."""
        return self.op.interpolate(
            x,
            np.array([2.0, 2.0], np.float32),
            "linear_onnx",
            "scales",
            coordinate_transformation_mode="half_pixel",
            axes=[2, 3],
        )

    def joined(self, x: Any, skip: Any, name: str, *, last: bool = False) -> Any:
        """The skip connection and two convolutions; ``last``: in both, channels lie last in memory."""
        both = [skip, x]
        if not last:
            return self.pair(self.op.concat(both, 1), f"{name}.join")
        # Joined there, nothing is moved.
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


def _stretching(count: int) -> np.ndarray:
    """(2 count, count): bilinear upsampling by 2 along one axis; pixels are boxes, and the border goes on."""
    places = (np.arange(2 * count) + 0.5) / 2 - 0.5
    return np.clip(1 - np.abs(np.clip(places, 0, count - 1)[:, None] - np.arange(count)), 0, 1)


def _shape(x: Any) -> list[int]:
    """Shape of a node with one output, or of one output of a node."""
    return list(x.get_shape() if hasattr(x, "get_shape") else x.get_output_shape(0))
