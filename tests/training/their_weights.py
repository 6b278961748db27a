"""Weights in the form of the authors' release."""

from __future__ import annotations

#: Convolutions of the published code by its names: inputs, outputs.
LAYERS = {
    "conv1_1": (2, 32), "conv1_2": (32, 32), "conv2_1": (32, 64), "conv2_2": (64, 64), "conv3_1": (64, 128),
    "conv3_2": (128, 128), "conv4_1": (128, 256), "deconv4": (768, 256), "conv4_2": (256, 256), "deconv6": (256, 128),
    "att_deconv7": (384, 128), "conv7_1": (256, 128), "conv7_2": (128, 128), "deconv7": (128, 64),
    "att_deconv8": (192, 64), "conv8_1": (128, 64), "conv8_2": (64, 64), "deconv8": (64, 32), "att_deconv9": (96, 32),
    "conv9_1": (64, 32), "conv9_2": (32, 32), "conv10": (32, 1),
    "vgg19.slice1.0": (1, 64), "vgg19.slice1.3": (64, 64), "vgg19.slice2.6": (64, 128), "vgg19.slice2.8": (128, 128),
    "vgg19.slice3.11": (128, 256), "vgg19.slice3.13": (256, 256), "vgg19.slice3.15": (256, 256),
    "vgg19.slice3.17": (256, 256),
}  # fmt: skip


NORMED = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "4_1", "4_2", "7_1", "7_2", "8_1", "8_2", "9_1")
