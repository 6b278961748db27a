"""Messages of coconet-med in the words of the panel: it has no command line, and calls some things otherwise."""

from __future__ import annotations

import re

#: Advice that names options, and what does the same in the panel.  The first that fits counts.
_INSTEAD = (
    (r"or --register never, where the affines are known to be right", "or fuse as they are, if they are known to fit"),
    (r"look at the picture and use --register always if it is displaced", "look at the picture; click Register if not"),
    (r"use --register never to trust the affines", "fuse as they are, if they are known to fit"),
    (r"with --register never", "as it is"),
    (r"use --register (?:auto|always)", "click Register"),
    (r"--force takes it as it is", "fuse as it is, if it is known to fit"),
    (r"use --device cpu", "choose the device cpu"),
    (r"use --engine onnx", "choose the engine onnx"),
    (r"leave --model out", "leave Model empty"),
    (r"--allow-gaps resamples it onto a regular grid", "export the series again, whole"),
    (r"give --transform-direction reverse", "choose it as made for the other direction"),
    (r"give --transform-images [^;,)]*", "choose it again with both NIfTI files loaded"),
    (r"use --overwrite to replace it", "choose another folder"),
    (r"take one with --dynamic N", "choose one frame"),
    (r"give it, such as --timezone \+0100", "add it to the headers"),
    (r"--suv says why it is not", "the header says why it is not"),
    (r"(?:give )?LOW HIGH in its own units", "type a window in its own units"),
    (r"give LOW HIGH", "type a window"),
)

#: Options in parentheses, as "(--different-patients)"; and what is left of options: their name.
_ASIDE, _OPTION = re.compile(r" ?\((?:as asked )?--[a-z-]+(?: [^()]*)?\)"), re.compile(r"--([a-z]+(?:-[a-z]+)*)")


def panel_words(text: str) -> str:
    """A message without words of the command line.

    Example:
        >>> panel_words("device 'x': unknown; use --device cpu")
        "device 'x': unknown; choose the device cpu"
    """
    for option, words in _INSTEAD:
        text = re.sub(option, words, text)
    text = _ASIDE.sub("", text)
    return _OPTION.sub(lambda option: option[1].replace("-", " "), text)
