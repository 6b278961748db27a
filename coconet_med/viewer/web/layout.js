// Where the tiles stand: the large view, and small ones of each plane and picture.

/**
 * Tiles as {picture, plane, rectangle, large}; rectangles are [left, top, width, height] of the stage, 0 to 1.
 * @param kind "all", "row" or "large"
 * @param pictures names of the pictures that there are, such as ["anatomy", "uptake", "fused"]
 */
export function layout(kind, { plane, planes, pictures, aspect }) {
  const large = (rectangle) => ({ picture: "large", plane, rectangle, large: true });
  if (kind === "large") return [large([0, 0, 1, 1])];
  if (kind === "row") {
    const wide = aspect >= 1, share = 1 / pictures.length;
    const rectangle = (n) => (wide ? [n * share, 0, share, 1] : [0, n * share, 1, share]);
    return pictures.map((picture, n) => ({ picture, plane, rectangle: rectangle(n), large: false }));
  }
  const wide = aspect >= 1;
  const part = wide ? 0.54 : 0.52; // what the large view takes
  const [left, top, width, height] = wide ? [part, 0, 1 - part, 1] : [0, part, 1, 1 - part];
  const tiles = [large(wide ? [0, 0, part, 1] : [0, 0, 1, part])];
  // One row for each plane; a picture has one plane, whose pictures stand below each other where the stage is wide.
  const upright = planes.length === 1 && wide;
  const rows = upright ? pictures.length : planes.length, columns = upright ? 1 : pictures.length;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const rectangle = [left + (column * width) / columns, top + (row * height) / rows, width / columns, height / rows];
      const [picture, of] = upright ? [pictures[row], planes[0]] : [pictures[column], planes[row]];
      tiles.push({ picture, plane: of, rectangle, large: false });
    }
  }
  return tiles;
}
