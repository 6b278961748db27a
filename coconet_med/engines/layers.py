"""The layers of CoCoNet as OpenVINO operations, arranged for the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import openvino as ov

#: Types of numbers, as OpenVINO calls them.
Kind = Literal["f32", "bf16"]

_SLOPE, _EPSILON = 0.2, 1e-5

#: As in :mod:`coconet_med.guide`, which cannot be imported without torch.
_DARK, _LEVELS, _SIGMA, _RADIUS = 10 / 255, 32, 1.0, 4

#: As in :mod:`coconet_med.mixing`.
_SMOOTH, _FINE = 4 / 255, 8 / 255


class Layers:
    """Operations on (1, C, H, W), one for each layer of CoCoNet, and what is needed between them.

    Args:
        weights: by the names that CoCoNet gives them.
    """

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
