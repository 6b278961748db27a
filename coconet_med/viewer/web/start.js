// What a page begins with: names, look and place.
import { upper } from "./mixing.js";

const MODALITIES = { MR: "MRI", PT: "PET", NM: "SPECT", CT: "CT" };

/** What pictures are called: by their modality where it is known. */
export function namesOf(page) {
  const anatomy = MODALITIES[page.anatomy?.modality] ?? (page.anatomy?.units === "HU" ? "CT" : "anatomy");
  const uptake = MODALITIES[page.uptake?.modality] ?? (page.uptake?.units === "HU" ? "CT" : "uptake");
  const pair = { fused: "fused", anatomy, uptake };
  return {
    ...pair, edges: `edges of ${anatomy} on ${uptake}`, "fused-edges": `edges of ${anatomy} on fused`,
    checkerboard: `checkerboard ${anatomy} / ${uptake}`, swipe: `${anatomy} | ${uptake}`,
  };
}

/** The look of the file. */
export function initialLook(page) {
  return { ...page.look, window: page.uptake?.window ?? page.window ?? [0, 1], anatomyWindow: page.anatomy?.window ?? [0, 1] };
}

/** The middle of what takes up more than half of the window; else the middle of the volume. */
export function startingPlace({ parts, document: page }, planes, signed) {
  const middle = planes.shape.map((count) => Math.floor(count / 2));
  if (!parts.uptake || !page.uptake) return middle;
  const [low, high] = upper(page.uptake.window, signed), floor = low + 0.5 * (high - low);
  const [ni, nj, nk] = page.size, stride = Math.max(1, Math.round(Math.cbrt((ni * nj * nk) / 2e5)));
  const sum = [0, 0, 0];
  let weight = 0;
  for (let k = 0; k < nk; k += stride) {
    for (let j = 0; j < nj; j += stride) {
      for (let i = 0; i < ni; i += stride) {
        const value = parts.uptake[i + ni * (j + nj * k)], more = (signed ? Math.abs(value) : value) - floor;
        if (more <= 0) continue;
        weight += more;
        sum[0] += more * i;
        sum[1] += more * j;
        sum[2] += more * k;
      }
    }
  }
  return weight > 0 ? planes.place(sum.map((part) => Math.round(part / weight))) : middle;
}
