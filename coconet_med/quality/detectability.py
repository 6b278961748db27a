"""Would a reader find the lesion?  The area under the ROC curve of a model observer, for lesions of known place.

Nuclear medicine rates images by how well a task can be done with them (H. H. Barrett and K. J. Myers, "Foundations of
Image Science", Wiley 2004, chapters 13 and 14; ICRU Report 54, "Medical imaging: the assessment of image quality",
1996).  The task here: is there a lesion at this place or not?  The observer is a channelized Hotelling observer (K. J.
Myers and H. H. Barrett, J. Opt. Soc. Am. A 4:2447, 1987):

* It sees a picture through a few **channels**, band-pass filters like those of human vision: differences of Gaussians
  (C. K. Abbey and H. H. Barrett, J. Opt. Soc. Am. A 18:473, 2001: the sparse set with Q = 2, alpha = 2 and sigma_0 =
  0.015 cycles per pixel), with a fourth for lesions of a few pixels.  A colored picture has them for L, a and b of
  OKLab each, a gray one for L.
* It knows mean and covariance of the channels with and without lesion from pictures of other heads, and weighs them
  best.
* It has **internal noise**, the constant part of A. E. Burgess and B. Colborne, J. Opt. Soc. Am. A 5:617, 1988: one
  just noticeable difference of OKLab for a lesion that fits the channel.  Without it an observer would lose nothing
  where a fusion turns a plain contrast into one that no eye can see.

Pictures are 0..255; those of one look may be several, seen side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from coconet_med.quality.oklab import JUST_NOTICEABLE, oklab_of_picture

#: Half the side of what the observer looks at, pixels.
REACH: Final = 24
#: Lower edges of the channels, cycles per pixel, and the ratio of upper to lower edge.
EDGES: Final = (0.015, 0.03, 0.06, 0.12)
RATIO: Final = 2.0


def channels(pictures: Sequence[np.ndarray], places: np.ndarray) -> np.ndarray:
    """What the observer sees at some places.

    Args:
        pictures: one or, side by side, several pictures of one field, ``(j, i)`` gray or ``(j, i, 3)`` sRGB, 0..255.
        places: ``(n, 2)`` row and column.

    Returns:
        ``(n, channel)``, in just noticeable differences of OKLab: 4 for a gray picture, 12 for a colored one.
    """
    templates = _templates()
    found = []
    for picture in pictures:
        around = [(REACH, REACH)] * 2 + [(0, 0)] * (picture.ndim - 2)
        wide = np.pad(picture, around, mode="edge")
        for place in np.asarray(places):
            window = tuple(slice(int(p), int(p) + 2 * REACH + 1) for p in place)
            seen = oklab_of_picture(wide[window])[..., : 1 if picture.ndim == 2 else 3]
            found.append((np.tensordot(seen, templates, ((0, 1), (1, 2))) / JUST_NOTICEABLE).ravel())
    return np.concatenate(np.split(np.array(found), len(pictures)), axis=1)


@lru_cache(maxsize=1)
def _templates() -> np.ndarray:
    """Channels in space ``(channel, j, i)``; each answers 1 to the disk of value 1 that fits it best."""
    size = 2 * REACH + 1
    frequency = np.fft.fftfreq(size)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    at = np.arange(-REACH, REACH + 1)
    away = np.hypot(at[:, None], at[None, :])
    out = []
    for edge in EDGES:
        gain = np.exp(-0.5 * (radius / (RATIO * edge)) ** 2) - np.exp(-0.5 * (radius / edge) ** 2)
        template = np.fft.fftshift(np.fft.ifft2(gain).real)
        template -= template.mean()
        out.append(template / max(template[away <= r].sum() for r in np.arange(0.5, REACH, 0.5)))
    return np.array(out)


class Observer:
    """A channelized Hotelling observer with internal noise.

    Args:
        absent: channels of pictures without lesion ``(n, channel)``.
        present: channels of pictures with it ``(m, channel)``; best of the same fields in the same noise, so that few
            tell the difference of the means well.
    """

    def __init__(self, absent: np.ndarray, present: np.ndarray) -> None:
        signal = present.mean(axis=0) - absent.mean(axis=0)
        spread = (np.cov(absent, rowvar=False) + np.cov(present, rowvar=False)) / 2
        internal = np.eye(len(signal))
        self.weights = np.linalg.solve(spread + internal, signal)
        self.noise = float(np.sqrt(self.weights @ internal @ self.weights))

    def area(self, absent: np.ndarray, present: np.ndarray) -> float:
        """Area under the ROC curve on other pictures: 0.5 is guessing, 1 never errs.

        The share of pairs of a picture with and one without lesion in which the former gets the higher rating, averaged
        over the internal noise of both (each normal, so that the average is a normal integral).
        """
        gap = (present @ self.weights)[:, None] - (absent @ self.weights)[None, :]
        if self.noise == 0.0:
            return 0.5
        return float(_normal_integral(gap / (np.sqrt(2.0) * self.noise)).mean())


def _normal_integral(x: np.ndarray) -> np.ndarray:
    """Integral of the normal density up to x, to 1.5e-7 (Abramowitz and Stegun, formula 7.1.26)."""
    z = np.abs(x) / np.sqrt(2.0)
    t = 1.0 / (1.0 + 0.3275911 * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 0.5 * (1.0 + np.sign(x) * (1.0 - series * np.exp(-z * z)))
