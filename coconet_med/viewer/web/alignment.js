// Checks of the alignment: edges of one source over the other, a checkerboard of both, and one swiped over the other.

/**
 * A picture that compares two others; all of RGBA, rows of `width` pixels from bottom to top.
 * @param kind "edges", "fused-edges", "checkerboard" or "swipe"
 * @param pictures {fused, anatomy, uptake} of mixing.js
 * @param share where the swipe stands, 0 (left) to 1; `toLeft`: whether pixels run to the left on the screen
 */
export function compared(kind, pictures, width, { share = 0.5, toLeft = false } = {}) {
  const { fused, anatomy, uptake } = pictures;
  const height = anatomy.length / 4 / width;
  if (kind === "edges" || kind === "fused-edges") {
    const out = (kind === "edges" ? uptake : fused).slice();
    const edges = thinEdges(levels(anatomy), width, height);
    for (let n = 0; n < edges.length; n++) if (edges[n]) out.set(EDGE, 4 * n);
    return out;
  }
  const out = uptake.slice(), side = Math.max(4, Math.round(Math.min(width, height) / 10));
  const border = toLeft ? (1 - share) * width : share * width;
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0; x < width; x++, n += 4) {
      const take = kind === "swipe" ? x + 0.5 < border === !toLeft : (Math.floor(x / side) + Math.floor(y / side)) % 2 === 0;
      if (take) out.set(anatomy.subarray(n, n + 4), n);
    }
  }
  return out;
}

const EDGE = [0, 229, 255, 255];
const STEEP = 0.86; // the share of gradients in the body that is below an edge

function levels(picture) {
  const out = new Float32Array(picture.length / 4);
  for (let n = 0; n < out.length; n++) out[n] = picture[4 * n];
  return out;
}

/** Steepest places along the gradient, one pixel wide. */
function thinEdges(picture, width, height) {
  const values = blurred(picture, width, height);
  const steep = new Float32Array(values.length), octant = new Uint8Array(values.length);
  let steepest = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const n = y * width + x;
      const right = values[n + 1] - values[n - 1], down = values[n + width] - values[n - width];
      steep[n] = Math.hypot(right, down);
      octant[n] = ((Math.round(Math.atan2(down, right) / (Math.PI / 4)) % 4) + 4) % 4;
      steepest = Math.max(steepest, steep[n]);
    }
  }
  const body = steep.filter((value) => value > 0.01 * steepest).sort();
  const least = body.length ? body[Math.floor(STEEP * body.length)] : Infinity;
  const ahead = [1, width + 1, width, width - 1];
  return steep.map((value, n) => Number(value >= least && value >= steep[n + ahead[octant[n]]] && value > steep[n - ahead[octant[n]]]));
}

/** A blur of 1, 4, 6, 4, 1 along both axes: a standard deviation of one pixel. */
function blurred(picture, width, height) {
  const pass = (from, stride, count, line, lines) => {
    const out = new Float32Array(from.length);
    for (let l = 0; l < lines; l++) {
      for (let n = 0; n < count; n++) {
        const at = (m) => from[l * line + Math.min(Math.max(m, 0), count - 1) * stride];
        out[l * line + n * stride] = (at(n - 2) + at(n + 2) + 4 * (at(n - 1) + at(n + 1)) + 6 * at(n)) / 16;
      }
    }
    return out;
  };
  return pass(pass(picture, 1, width, width, height), width, height, 1, width);
}
