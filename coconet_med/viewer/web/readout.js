// What is known of the voxel at the crosshair.
import { decodeColor, unfaded } from "./colors.js";
import { shareOf, upper } from "./mixing.js";
import { worldText } from "./planes.js";

/**
 * @param color [red, green, blue] of the voxel as it is shown
 * @returns {{world, voxel, anatomy, uptake, decoded, spread, noData, position}} values in units; null where not known
 */
export function valuesAt(voxel, { planes, mixing, color }) {
  const { document, parts } = mixing, { look } = mixing;
  const at = planes.offset(voxel), world = planes.world(voxel);
  const noData = Boolean(parts.nodata && parts.nodata[at]);
  const found = { world, voxel, noData, anatomy: null, uptake: null, decoded: null, spread: null };
  if (parts.anatomy) found.anatomy = parts.anatomy[at];
  if (parts.uptake) found.uptake = noData ? null : parts.uptake[at];
  const map = document.colormaps[look.colormap];
  if (map && map.kind !== "gray" && look.strength > 0 && mixing.table) {
    const read = decodeColor(mixing.table, ...color, map.levels), signed = map.kind === "diverging";
    const [low, high] = upper(look.window, signed);
    let share = read.uptake;
    if (look.threshold !== null) share = unfaded(share, shareOf(look.threshold, [low, high]), document.constants.fade);
    found.below = look.threshold !== null && share === 0 ? look.threshold : null;
    found.decoded = low + share * (high - low);
    found.spread = read.spread * (high - low);
    found.foreign = read.foreign;
    found.topped = Math.abs(share) >= 1;
  }
  found.position = document.planar ? `column ${voxel[0]}, row ${voxel[1]}` : worldText(world);
  return found;
}

/** A value for people, about four digits. */
export function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(3);
  return String(Number(value.toPrecision(4)));
}

export function withUnits(value, units) {
  const words = figure(value);
  return words && units ? `${words} ${units}` : words;
}

/** Write the values into the page. */
export function showValues(found, part, { anatomy, uptake, units = uptake?.units ?? "" }) {
  part("position").textContent = found.position;
  part("voxel").textContent = found.voxel.join(", ");
  part("anatomy-value").textContent = anatomy ? withUnits(found.anatomy, anatomy.units) : "not known";
  part("uptake-value").textContent = !uptake ? "not known" : found.noData ? "no data here" : withUnits(found.uptake, uptake.units);
  let read = "nothing";
  if (found.noData) read = "no data here";
  else if (found.below) read = `nearer to 0 than ${withUnits(found.below, units)}`;
  else if (found.decoded !== null) {
    read = `${found.topped ? found.decoded < 0 ? "at most " : "at least " : ""}${withUnits(found.decoded, units)}`;
    if (!found.topped) read += ` ± ${figure(Number(found.spread.toPrecision(2)))}`;
    if (found.foreign) read += ", not a color of the map";
  }
  part("color-value").textContent = read;
}
