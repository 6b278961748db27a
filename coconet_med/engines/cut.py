"""An exported network in parts, so that most of it can be computed in bfloat16: the graph is cut by names of weights.

In bfloat16 throughout, CoCoNet takes little more than half the time, and is wrong by some gray levels.  Most of that
comes from layers that cost little: the guide, whose sums over the whole picture need more digits, the first three
levels that are encoded, and the last convolution with its low pass.  These stay in float32.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import openvino as ov

#: Weights of the first layers in bfloat16, and of the first one in float32 again.  The exporter keeps the names that
#: the network gives its weights.
DEEP, LAST = ("encode4.0.weight", "features.conv3_1.weight"), ("out.weight",)


class Part(NamedTuple):
    """Some of a network; its inputs have the names of outputs of earlier parts, or of the network's input."""

    model: ov.Model
    deep: bool


def has_parts(model: ov.Model) -> bool:
    """Whether the layers at which a network is cut are in it, and it ends in a field."""
    return {*DEEP, *LAST} <= set(_layers(model)) and "field" in model.outputs[0].get_names()


def in_parts(model: ov.Model) -> list[Part]:
    """The first layers, the deep ones, and the last ones of a network.

    Args:
        model: one that :func:`has_parts`, of a fixed size; it is taken to pieces.

    Returns:
        Parts in the order to run them; the last has the outputs of the network.
    """
    import openvino as ov
    from openvino import opset8 as ops
    from openvino.passes import ConstantFolding, Manager

    sizes = Manager()
    sizes.register_pass(ConstantFolding())  # else each part would ask the image for its size
    sizes.run_passes(model)
    layers = _layers(model)
    first, deep = (_leading_to(layer for name in at for layer in layers[name]) for at in (DEEP, LAST))

    def part(node: ov.Node) -> int:
        name = node.get_friendly_name()
        return 0 if name in first else 1 if name in deep else 2

    inputs: list[dict[str, ov.Node]] = [{"image": model.get_parameters()[0]}, {}, {}]
    outputs: list[dict[str, ov.Node]] = [{}, {}, {}]
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Constant":
            continue
        for tensor in node.outputs():
            readers = [reader for reader in tensor.get_target_inputs() if part(reader.get_node()) > part(node)]
            if not readers:
                continue
            name = f"handed on: {node.get_friendly_name()} {tensor.get_index()}"
            for reader in readers:
                known = inputs[part(reader.get_node())]
                if name not in known:
                    known[name] = ops.parameter(tensor.get_shape(), tensor.get_element_type(), name=name)
                    known[name].output(0).set_names({name})
                reader.replace_source_output(known[name].output(0))
            tensor.add_names({name})
            outputs[part(node)][name] = ops.result(tensor)
    made = [*(list(results.values()) for results in outputs[:2]), model.get_results()]
    return [
        Part(ov.Model(results, list(given.values()), name), name == "deep")
        for results, given, name in zip(made, inputs, ("first", "deep", "last"), strict=True)
    ]


def _layers(model: ov.Model) -> dict[str, list[ov.Node]]:
    """Convolutions by the names of their weights, which several may share."""
    layers = defaultdict(list)
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Convolution":
            weights = node.input_value(1).get_node()
            while weights.get_type_name() == "Convert":  # of weights in half precision
                weights = weights.input_value(0).get_node()
            layers[weights.get_friendly_name().removesuffix("_half")].append(node)
    return layers


def _leading_to(layers: Iterable[ov.Node]) -> set[str]:
    """Names of all that what goes into layers is made of."""
    found: set[str] = set()
    ahead = [layer.input_value(0).get_node() for layer in layers]
    while ahead:
        node = ahead.pop()
        if node.get_friendly_name() not in found:
            found.add(node.get_friendly_name())
            ahead += [tensor.get_node() for tensor in node.input_values()]
    return found
