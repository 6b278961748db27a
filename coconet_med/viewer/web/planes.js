// Planes of a volume as they stand on the screen, and where in the world a voxel lies.
// Axes of the display are x (toward the patient's right), y (toward the front) and z (toward the head), in whole voxels
// along the image axes that run most nearly that way.

export const PLANES = ["axial", "coronal", "sagittal"];

/** Axes of the display that run across, up and through each plane. */
const RUNNING = { axial: [0, 1, 2], coronal: [0, 2, 1], sagittal: [1, 2, 0] };
const WORLD = [["R", "L"], ["A", "P"], ["S", "I"]]; // ends of the world's axes, RAS: positive first

export class Planes {
  constructor(document) {
    this.document = document;
    this.size = document.size;
    this.strides = [1, this.size[0], this.size[0] * this.size[1]];
    const { axes, flips } = document.display; // of a stack (slice, row, column) as a reader sees it
    // Rows of that stack run toward P and columns toward L, the display's axes the other way.
    this.axes = [
      { axis: axes[2], flip: !flips[2] },
      { axis: axes[1], flip: !flips[1] },
      { axis: axes[0], flip: flips[0] },
    ];
    this.shape = this.axes.map(({ axis }) => this.size[axis]);
  }

  /** Names of the planes that there are: a picture has one. */
  get names() {
    return this.document.planar ? ["axial"] : PLANES;
  }

  /** The cut through a place of the display along a plane, for mixing.js. */
  cut(plane, place) {
    const [across, up, through] = RUNNING[plane];
    return { u: this.#run(across), v: this.#run(up), w: this.#one(through, place[through]) };
  }

  /** The cut that is slice k of the file. */
  fileSlice(k) {
    const line = (axis) => this.#line(axis, false);
    const offset = k * this.strides[2];
    return { u: line(0), v: line(1), w: { offset, ...this.#stack(2, k) } };
  }

  #run(display) {
    const { axis, flip } = this.axes[display];
    return this.#line(axis, flip);
  }

  #line(axis, flip) {
    const count = this.size[axis];
    const offsets = new Int32Array(count), coordinates = new Int32Array(count);
    let position = 0;
    for (let n = 0; n < count; n++) {
      const index = flip ? count - 1 - n : n;
      offsets[n] = index * this.strides[axis];
      const there = this.#stack(axis, index);
      coordinates[n] = there.coordinate;
      position = there.position;
    }
    return { offsets, coordinates, position };
  }

  #one(display, place) {
    const index = this.index(display, place);
    const axis = this.axes[display].axis;
    return { offset: index * this.strides[axis], ...this.#stack(axis, index) };
  }

  /** Where an index of an image axis lies in the stack of slices that the network saw. */
  #stack(axis, index) {
    const { slicing } = this.document;
    if (!slicing) return { position: 0, coordinate: 0 };
    const position = slicing.axes.indexOf(axis);
    return { position, coordinate: slicing.flips[position] ? this.size[axis] - 1 - index : index };
  }

  /** Index along the image axis of one coordinate of the display. */
  index(display, place) {
    const { axis, flip } = this.axes[display];
    return flip ? this.size[axis] - 1 - place : place;
  }

  /** Voxel (i, j, k) of a place of the display. */
  voxel(place) {
    const voxel = [0, 0, 0];
    for (let display = 0; display < 3; display++) voxel[this.axes[display].axis] = this.index(display, place[display]);
    return voxel;
  }

  /** Place of the display of a voxel (i, j, k). */
  place(voxel) {
    return this.axes.map(({ axis, flip }) => (flip ? this.size[axis] - 1 - voxel[axis] : voxel[axis]));
  }

  offset([i, j, k]) {
    return i + j * this.strides[1] + k * this.strides[2];
  }

  /** Millimeters (R, A, S) of a voxel. */
  world(voxel) {
    const a = this.document.affine;
    return [0, 1, 2].map((row) => a[row][0] * voxel[0] + a[row][1] * voxel[1] + a[row][2] * voxel[2] + a[row][3]);
  }

  /** Millimeters that one voxel measures along each axis of the display. */
  get millimeters() {
    return this.axes.map(({ axis }) => this.document.spacing[axis]);
  }

  /** Direction of the world (unit vector, RAS) in which an axis of the display runs. */
  direction(display) {
    const { axis, flip } = this.axes[display], a = this.document.affine;
    const column = [a[0][axis], a[1][axis], a[2][axis]];
    const length = Math.hypot(...column) * (flip ? -1 : 1);
    return column.map((part) => part / length);
  }

  /** What stands at the left, right, top and bottom of a plane; nothing for pictures, whose sides are not known. */
  labels(plane) {
    if (this.document.planar) return null;
    const [across, up] = RUNNING[plane];
    const [plus, minus] = this.ends(across), [top, bottom] = this.ends(up);
    return { left: plus, right: minus, top, bottom }; // x and, in the sagittal plane, y run to the left
  }

  /** Letters at the two ends of an axis of the display; two where it runs obliquely. */
  ends(display) {
    const parts = this.direction(display)
      .map((part, axis) => ({ part, axis }))
      .filter(({ part }) => Math.abs(part) > 0.38) // further than 22 degrees from square to it
      .sort((a, b) => Math.abs(b.part) - Math.abs(a.part));
    const letters = (sign) => parts.map(({ part, axis }) => WORLD[axis][part * sign > 0 ? 0 : 1]).join("");
    return [letters(1), letters(-1)];
  }

  /** Largest angle between the slices and the world's axes, degrees. */
  get tilt() {
    const angles = [0, 1, 2].map((display) => Math.acos(Math.min(1, Math.max(...this.direction(display).map(Math.abs)))));
    return (Math.max(...angles) * 180) / Math.PI;
  }

  running(plane) {
    return RUNNING[plane];
  }
}

/** Millimeters as a reader says them: "R 12.3, A 4.5, S 20.1 mm". */
export function worldText(world) {
  return world.map((mm, axis) => `${WORLD[axis][mm >= 0 ? 0 : 1]} ${Math.abs(mm).toFixed(1)}`).join(", ") + " mm";
}
