// The mixing itself: sources and field become colors, voxel by voxel, in float32 and in the order of operations of
// coconet_med (blending, look, color coding), so that what stands on the screen are the voxels of the file.
import { clamp, colorTable } from "./colors.js";

const f = Math.fround;

export class Mixing {
  /** @param study what study.js loaded: its document and its arrays */
  constructor(study) {
    const { document, parts } = study;
    this.signed = Boolean(document.uptake?.signed);
    this.document = document;
    this.parts = parts;
    this.constants = document.constants;
    this.size = document.size;
    this.strides = [1, this.size[0], this.size[0] * this.size[1]];
    this.live = !document.fixed;
    this.table = null;
    if (this.live) {
      const [slices, , rows, columns] = document.parts.field.shape;
      const axes = document.slicing.axes.map((axis) => this.size[axis]);
      this.field = { slices, rows, columns };
      this.rows = places(document.block[0], axes[1], rows);
      this.columns = places(document.block[1], axes[2], columns);
    }
  }

  /** Take a look: colormap, strength, lightness, threshold (in units, or null), window and anatomyWindow. */
  setLook(look) {
    const same = this.look && this.look.colormap === look.colormap && this.look.strength === look.strength;
    const map = this.document.colormaps[look.colormap];
    if (map && !same) this.table = colorTable(map, look.strength, this.constants);
    this.look = { ...look };
    if (!this.live) return;
    const { dark } = this.constants;
    const [ofAnatomy, ofUptake] = this.document.tops;
    this.lit = ofAnatomy.map((top, slice) => {
      // Of a signed map the tops are those of its size.
      const brighter = Math.max(scaled(top, look.anatomyWindow), scaled(ofUptake[slice], upper(look.window, this.signed)));
      return brighter > f(dark);
    });
    this.threshold = look.threshold === null ? null : shareOf(look.threshold, upper(look.window, this.signed));
  }

  /**
   * A plane of the display, as three pictures of RGBA.
   * @param cut what planes.js says of the plane: offsets and stack coordinates along its two axes
   * @param known pictures of the same cut whose sources are still right; then only the fusion is mixed
   */
  plane(cut, known = null) {
    const count = cut.u.offsets.length * cut.v.offsets.length;
    const picture = (part) => (part ? new Uint8Array(count * 4).fill(255) : null);
    if (known) {
      const fused = picture(true);
      this.#run(cut, { fused, anatomy: null, uptake: null }, 4);
      return { ...known, fused };
    }
    const out = { fused: picture(true), anatomy: picture(this.parts.anatomy), uptake: picture(this.parts.uptake) };
    this.#run(cut, out, 4);
    return out;
  }

  /** The colors of slice k of the file, (j, i, channel), as bytes. */
  slice(cut) {
    const fused = new Uint8Array(cut.u.offsets.length * cut.v.offsets.length * 3);
    this.#run(cut, { fused, anatomy: null, uptake: null }, 3);
    return fused;
  }

  #run({ u, v, w }, out, channels) {
    const { anatomy, uptake, nodata, color } = this.parts;
    const { look, table, live } = this, steps = this.constants.steps;
    const [aLow, aSpan] = span(look.anatomyWindow), [uLow, uSpan] = span(upper(look.window, this.signed));
    const least = this.signed ? -1 : 0, alone = this.signed && out.uptake ? this.#diverging() : null;
    const at = new Int32Array(3), by = live ? this.#weights() : null;
    at[w.position] = w.coordinate;
    for (let row = 0, pixel = 0; row < v.offsets.length; row++) {
      at[v.position] = v.coordinates[row];
      const start = w.offset + v.offsets[row];
      for (let column = 0; column < u.offsets.length; column++, pixel += channels) {
        const voxel = start + u.offsets[column];
        const light = anatomy ? f(unit((anatomy[voxel] - aLow) / aSpan)) : 0;
        const hot = uptake ? f(clamp((uptake[voxel] - uLow) / uSpan, least, 1)) : 0;
        let from = 3 * voxel, colors = color;
        if (live) {
          at[u.position] = u.coordinates[column];
          from = 3 * this.#entry(light, hot, nodata ? nodata[voxel] : 0, at[0], at[1], at[2], by, steps);
          colors = table;
        }
        out.fused[pixel] = colors[from];
        out.fused[pixel + 1] = colors[from + 1];
        out.fused[pixel + 2] = colors[from + 2];
        if (out.anatomy) gray(out.anatomy, pixel, light);
        if (alone) tint(out.uptake, pixel, alone, step(Math.abs(hot), steps) * steps + signedStep(hot));
        else if (out.uptake) gray(out.uptake, pixel, hot);
      }
    }
  }

  /** Constants of a look, rounded to float32 as where the file was made. */
  #weights() {
    const { strength, lightness } = this.look;
    const { dark, lit, fade, dimmed, stripe } = this.constants;
    const weight = strength * lightness, threshold = this.threshold;
    return {
      weight, of: f(weight), rest: f(1 - weight), threshold,
      fadeFrom: f(fade * (threshold ?? 0)), fadeOver: f((1 - fade) * (threshold ?? 0)),
      dark: f(dark), litOver: f(lit - dark), dimmed: f(dimmed), stripe: f(stripe),
    };
  }

  /** Which entry of the color table a voxel takes. */
  #entry(light, hot, kind, slice, row, column, by, steps) {
    let shown, uptake = hot;
    if (kind) {
      shown = kind === 1 ? light : kind === 2 ? f(by.dimmed * light) : f(f(by.dimmed * light) + by.stripe);
      uptake = 0;
    } else {
      const size = Math.abs(hot), fused = this.#fused(light, size, slice, row, column, by);
      if (by.threshold === null) {
        shown = by.weight === 1 ? fused : f(f(by.rest * light) + f(by.of * fused));
      } else {
        const opacity = by.threshold <= 0 ? 1 : f(unit(f(f(size - by.fadeFrom) / by.fadeOver)));
        const weight = f(by.of * opacity);
        shown = f(f(f(1 - weight) * light) + f(weight * fused));
        uptake = f(hot * opacity);
      }
    }
    return step(shown, steps) * steps + (this.signed ? signedStep(uptake) : step(uptake, steps));
  }

  /** Table in which a signed map is shown by itself. */
  #diverging() {
    return (this.ownTable ??= colorTable(this.document.colormaps.diverging, 1, this.constants));
  }

  /** Fused luminance: the sources mixed by the field, black where both are dark. */
  #fused(light, hot, slice, row, column, by) {
    const above = f(f((light > hot ? light : hot) - by.dark) / by.litOver);
    if (above <= 0 || !this.lit[slice]) return 0;
    const amount = this.#fieldAt(0, slice, row, column);
    const more = f(this.#fieldAt(1, slice, row, column) + 1);
    const ofUptake = this.#fieldAt(2, slice, row, column);
    const mixed = unit(f(f(f(light * more) + amount) + f(ofUptake * hot)));
    return above < 1 ? f(mixed * above) : mixed;
  }

  #fieldAt(channel, slice, row, column) {
    const { rows, columns } = this.field, values = this.parts.field;
    const top = (slice * 3 + channel) * rows;
    const low = this.#along((top + this.rows.below[row]) * columns, column, values);
    const high = this.#along((top + this.rows.above[row]) * columns, column, values);
    return f(f(f(high - low) * this.rows.share[row]) + low);
  }

  #along(line, column, values) {
    const low = values[line + this.columns.below[column]];
    return f(f(f(values[line + this.columns.above[column]] - low) * this.columns.share[column]) + low);
  }
}

/** For each of `size` pixels the blocks of the field before and after its middle, and the share of the later one. */
function places(block, size, blocks) {
  const below = new Int32Array(size), above = new Int32Array(size), share = new Float32Array(size);
  for (let n = 0; n < size; n++) {
    const place = clamp((n + 0.5) / block - 0.5, 0, blocks - 1);
    below[n] = Math.min(Math.floor(place), Math.max(blocks - 2, 0));
    above[n] = Math.min(below[n] + 1, blocks - 1);
    share[n] = place - below[n];
  }
  return { below, above, share };
}

/** The part of a window whose ends are 0 and 1: of a signed map that above 0. */
export function upper([low, high], signed) {
  return [signed ? 0 : low, high];
}

/** A value as a share of a window, 0 to 1, in double precision. */
export function shareOf(value, [low, high]) {
  return clamp((value - low) / (high - low), 0, 1);
}

function scaled(value, window) {
  return f(shareOf(value, window));
}

function span([low, high]) {
  return [low, high - low];
}

function unit(value) {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** Column of a diverging table: no uptake at 128. */
function signedStep(value) {
  return clamp(even(f(value * 127)) + 128, 1, 255);
}

function step(value, steps) {
  return clamp(even(f(value * (steps - 1))), 0, steps - 1);
}

/** The nearest whole number: of two the even one, as in numpy. */
function even(exact) {
  const down = Math.floor(exact), rest = exact - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}

function tint(picture, pixel, table, entry) {
  picture[pixel] = table[3 * entry];
  picture[pixel + 1] = table[3 * entry + 1];
  picture[pixel + 2] = table[3 * entry + 2];
}

function gray(picture, pixel, value) {
  const level = step(value, 256);
  picture[pixel] = picture[pixel + 1] = picture[pixel + 2] = level;
}
