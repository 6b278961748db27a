// The legend: uptake upwards, anatomy from dark to bright, near a threshold faded as the picture is.
import { clamp } from "./colors.js";
import { shareOf, upper } from "./mixing.js";

export function drawKey(canvas, table, look, page, signed) {
  const { fade, steps } = page.constants, { levels } = page.colormaps[look.colormap];
  const threshold = look.threshold === null ? 0 : shareOf(look.threshold, upper(look.window, signed));
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  for (let y = 0, n = 0; y < canvas.height; y++) {
    let uptake = levels[Math.round((1 - y / (canvas.height - 1)) * (steps - 1))];
    if (threshold > 0) uptake *= clamp((Math.abs(uptake) - fade * threshold) / ((1 - fade) * threshold), 0, 1);
    const column = nearestColumn(levels, uptake);
    for (let x = 0; x < canvas.width; x++, n += 4) {
      const at = 3 * (Math.round((x / (canvas.width - 1)) * (steps - 1)) * steps + column);
      image.data.set([table[at], table[at + 1], table[at + 2], 255], n);
    }
  }
  context.putImageData(image, 0, 0);
}

function nearestColumn(levels, uptake) {
  let best = 0;
  for (let n = 1; n < levels.length; n++) if (Math.abs(levels[n] - uptake) < Math.abs(levels[best] - uptake)) best = n;
  return best;
}
