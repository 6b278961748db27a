// What stands over the slices: the patient's sides, captions, the crosshair.

export class Overlay {
  /** @param element the layer over the canvas; `names` what pictures are called */
  constructor(element, planes, names) {
    this.element = element;
    this.planes = planes;
    this.names = names;
    this.tiles = [];
  }

  /** Tiles of layout.js, as stage.js has arranged them. */
  arrange(tiles, view) {
    this.element.replaceChildren();
    this.tiles = tiles.map((tile) => {
      const box = document.createElement("div");
      box.className = tile.large ? "tile large" : "tile";
      box.dataset.plane = tile.plane;
      box.dataset.picture = tile.picture;
      const [left, top, width, height] = tile.rectangle.map((share) => `${share * 100}%`);
      Object.assign(box.style, { left, top, width, height });
      const what = this.names[tile.picture === "large" ? view : tile.picture];
      const place = this.planes.document.planar ? "" : ` ${tile.plane}`;
      box.setAttribute("role", "img");
      const sides = this.planes.labels(tile.plane);
      box.setAttribute("aria-label", `${what}${place}${sides ? `, ${sides.left} at the left, ${sides.top} at the top` : ""}`);
      const add = (kind, words) => {
        const span = document.createElement("span");
        span.className = kind;
        span.textContent = words;
        box.append(span);
        return span;
      };
      add("caption", `${what}${place}`);
      if (sides) for (const side of ["left", "right", "top", "bottom"]) add(side, sides[side]);
      this.element.append(box);
      add("across", "");
      add("along", "");
      return box;
    });
  }

  /** Put the crosshair of each tile where the stage says. */
  point(stage, place) {
    this.tiles.forEach((box, number) => {
      const [x, y] = stage.shares(number, place);
      box.style.setProperty("--x", `${(x * 100).toFixed(3)}%`);
      box.style.setProperty("--y", `${(y * 100).toFixed(3)}%`);
    });
  }
}
