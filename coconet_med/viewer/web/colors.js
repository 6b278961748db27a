// Color tables and what they tell: the same tables, and the same way back, as coconet_med/color, in double precision.

/** Color of each pair of luminance and uptake step: Uint8Array of steps * steps * 3, luminance slowest. */
export function colorTable(map, strength, { steps, luma }) {
  const base = baseColors(map, { steps, luma });
  const table = new Uint8Array(steps * steps * 3);
  for (let row = 0, at = 0; row < steps; row++) {
    const gray = ramp(row, steps);
    for (let column = 0; column < steps; column++, at += 3) {
      if (base === null) quantize(gray, gray, gray, luma, table, at);
      else
        quantize(
          gray + strength * (base[at] - gray),
          gray + strength * (base[at + 1] - gray),
          gray + strength * (base[at + 2] - gray),
          luma,
          table,
          at,
        );
    }
  }
  return table;
}

const kept = new WeakMap(); // full colors of a map do not depend on the strength

function baseColors(map, constants) {
  if (map.kind === "gray") return null;
  if (!kept.has(map)) kept.set(map, map.kind === "classic" ? classicColors(map, constants) : hueColors(map, constants));
  return kept.get(map);
}

function hueColors(map, { steps }) {
  const out = new Float64Array(steps * steps * 3);
  for (let row = 0, at = 0; row < steps; row++) {
    for (let column = 0; column < steps; column++, at += 3) {
      const y = map.darkest[column] + (map.brightest[column] - map.darkest[column]) * ramp(row, steps);
      const direction = map.direction[column];
      let room = Infinity;
      for (const part of direction)
        room = Math.min(room, (part > 0 ? 1 - y : y) / Math.max(Math.abs(part), 1e-9));
      const wanted = map.chroma[column];
      const ratio = wanted / Math.max(room, 1e-9);
      const length = wanted / Math.pow(1 + Math.pow(ratio, 6), 1 / 6);
      for (let channel = 0; channel < 3; channel++) out[at + channel] = y + length * direction[channel];
    }
  }
  return out;
}

function classicColors(map, { steps }) {
  const out = new Float64Array(steps * steps * 3);
  for (let row = 0, at = 0; row < steps; row++) {
    const gray = ramp(row, steps);
    for (let column = 0; column < steps; column++, at += 3) {
      const alpha = map.opacity[column];
      for (let channel = 0; channel < 3; channel++)
        out[at + channel] = (1 - alpha) * gray + (alpha * map.palette[column][channel]) / 255;
    }
  }
  return out;
}

/** A step of [0, 1] as numpy's linspace has it. */
function ramp(step, steps) {
  return step === steps - 1 ? 1 : step * (1 / (steps - 1));
}

/** Round one color to 8 bits such that its luminance, not each channel, is kept best. */
function quantize(red, green, blue, luma, table, at) {
  const r = red * 255, g = green * 255, b = blue * 255;
  const r0 = Math.floor(r + 1e-6), g0 = Math.floor(g + 1e-6), b0 = Math.floor(b + 1e-6);
  let lowest = Infinity;
  for (let corner = 0; corner < 8; corner++) {
    const cr = clamp(r0 + (corner >> 2), 0, 255), cg = clamp(g0 + ((corner >> 1) & 1), 0, 255);
    const cb = clamp(b0 + (corner & 1), 0, 255);
    const er = cr - r, eg = cg - g, eb = cb - b;
    const light = er * luma[0] + eg * luma[1] + eb * luma[2];
    const cost = 30 * (light * light) + (er * er + eg * eg + eb * eb);
    if (cost < lowest) {
      lowest = cost;
      table[at] = cr;
      table[at + 1] = cg;
      table[at + 2] = cb;
    }
  }
}

/**
 * The uptake that a reader with the legend would read from a color.
 * @param levels uptake of each column of the table: 0 to 1, of a diverging map -1 to 1
 * @returns {{uptake: number, spread: number, foreign: boolean}}
 */
export function decodeColor(table, red, green, blue, levels) {
  const found = readColor(table, red, green, blue, levels);
  if (found) return { ...found, foreign: false };
  let nearest = 0, distance = Infinity;
  for (let at = 0; at < table.length; at += 3) {
    const away = (table[at] - red) ** 2 + (table[at + 1] - green) ** 2 + (table[at + 2] - blue) ** 2;
    if (away < distance) [nearest, distance] = [at, away];
  }
  return { ...readColor(table, table[nearest], table[nearest + 1], table[nearest + 2], levels), foreign: true };
}

function readColor(table, red, green, blue, levels) {
  const steps = levels.length, step = levels[steps - 1] - levels[steps - 2];
  let sum = 0, count = 0, least = Infinity, most = -Infinity;
  for (let at = 0, entry = 0; at < table.length; at += 3, entry++) {
    if (table[at] !== red || table[at + 1] !== green || table[at + 2] !== blue) continue;
    const uptake = levels[entry % steps];
    sum += uptake;
    count++;
    least = Math.min(least, uptake);
    most = Math.max(most, uptake);
  }
  if (!count) return null;
  let mean = sum / count;
  // Gray is 0, and an end of the window that end: not the means with the neighbors that round to the same color.
  if (red === green && green === blue && Math.abs(mean) < 2 * step) mean = 0;
  for (const end of levels[0] ? [levels[0], 1] : [1])
    if ((least === end || most === end) && Math.abs(mean - end) < 2 * step) mean = end;
  return { uptake: Math.fround(mean), spread: Math.max(mean - least, most - mean) + 0.5 * step };
}

/** Undo the fading near a threshold: the uptake of one that is shown. */
export function unfaded(shown, threshold, fade) {
  const size = Math.abs(shown);
  if (threshold <= 0 || size >= threshold) return shown;
  if (size === 0) return 0;
  const edge = fade * threshold;
  return (Math.sign(shown) * (edge + Math.sqrt(edge * edge + 4 * (1 - fade) * threshold * size))) / 2;
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
