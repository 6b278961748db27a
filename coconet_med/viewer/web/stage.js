// The stage: NiiVue draws each plane of each picture from a texture that holds just this plane, mixed in the page.
//
// NiiVue knows of a box as large as the volume, which tells it where on the screen a slice stands; the voxels of that
// box are never seen.  So colors on the screen are those that were mixed: NiiVue draws RGB exactly when it is alone,
// but not as an overlay, and no volume of colors is ever held, neither by the page nor by the graphics card.
import { NVImage, Niivue } from "niivue";

const SLICES = { axial: 0, coronal: 1, sagittal: 2 }; // NiiVue's numbers of slice types
const GAP = 3; // pixels between tiles

/** Colors as they are: NiiVue's own shader also asks for overlays and drawings, which a slow machine feels. */
const SHADER = `#version 300 es
precision highp int;
precision highp float;
uniform highp sampler3D volume;
in vec3 texPos;
out vec4 color;
void main(void) {
  color = vec4(texture(volume, texPos).rgb, 1.0);
}`;

const EMPTY = "#version 300 es\nprecision highp float;\nout vec4 color;\nvoid main(void) { color = vec4(0.0); }";

class Slices extends Niivue {
  tiles = [];
  aspect = 1;

  /** As NiiVue does, but without what takes seconds where the processor draws: programs of meshes, of rendering in
      three dimensions and of drawing tools, none of which is ever used here, are made of next to nothing. */
  async init() {
    const { gl } = this, shaderSource = gl.shaderSource;
    const kinds = new WeakMap(), createShader = gl.createShader;
    gl.createShader = (kind) => {
      const shader = createShader.call(gl, kind);
      kinds.set(shader, kind);
      return shader;
    };
    gl.shaderSource = (shader, text) => shaderSource.call(gl, shader, kinds.get(shader) === gl.FRAGMENT_SHADER ? EMPTY : text);
    this.meshShaders = this.meshShaders.slice(0, 1);
    try {
      return await super.init();
    } finally {
      delete gl.createShader; // those of the prototype again
      delete gl.shaderSource;
    }
  }

  async initText() {} // what is written over the slices, the page writes itself

  drawScene() {
    if (this.tiles.length) super.drawScene(); // NiiVue draws whenever something changes, also before there are textures
  }

  draw2D(rectangle, plane, millimeter) {
    const [left, top, width, height] = rectangle;
    const [right, bottom] = [Math.round(left + width), Math.round(top + height)]; // whole pixels, as the card counts
    const whole = [Math.round(left), Math.round(top), right - Math.round(left), bottom - Math.round(top)];
    this.aspect = whole[2] / whole[3];
    this.draw2DMain(whole, plane, millimeter); // the whole tile, so that zooming in fills it
  }

  draw2DMain(rectangle, plane, millimeter) {
    const tile = this.tiles[this.screenSlices.length];
    this.gl.activeTexture(this.gl.TEXTURE0);
    this.gl.bindTexture(this.gl.TEXTURE_3D, tile.texture);
    super.draw2DMain(rectangle, plane, millimeter);
  }

  screenFieldOfViewExtendedVox(plane) {
    const view = super.screenFieldOfViewExtendedVox(plane);
    const wider = this.aspect / (view.fovMM[0] / view.fovMM[1]);
    const grow = wider > 1 ? [wider, 1] : [1, 1 / wider];
    for (const axis of [0, 1]) {
      const middle = (view.mnMM[axis] + view.mxMM[axis]) / 2;
      view.fovMM[axis] *= grow[axis];
      view.mnMM[axis] = middle - view.fovMM[axis] / 2;
      view.mxMM[axis] = middle + view.fovMM[axis] / 2;
    }
    return view;
  }
}

export class Stage {
  /** @param planes of planes.js */
  constructor(canvas, planes) {
    this.canvas = canvas;
    this.planes = planes;
    this.textures = new Map();
    this.smooth = true;
  }

  /** Ready to draw; asked again, the same. */
  open() {
    return (this.opened ??= this.#open());
  }

  async #open() {
    this.niivue = new Slices({
      backColor: [0, 0, 0, 1],
      crosshairWidth: 0,
      dragAndDropEnabled: false,
      interactive: false,
      isColorbar: false,
      isOrientationTextVisible: false,
      isRadiologicalConvention: true,
      isResizeCanvas: false,
      isSliceMM: false,
      logLevel: "error",
      sagittalNoseLeft: true,
      show3Dcrosshair: false,
    });
    this.fit();
    await this.niivue.attachToCanvas(this.canvas, false);
    this.niivue.addVolume(await box(this.planes));
    this.niivue.setCustomSliceShader(SHADER);
    this.gl = this.niivue.gl;
    return this;
  }

  /** As many pixels as the screen has. */
  fit() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight].map((n) => Math.max(16, Math.round(n * ratio)));
    if (this.canvas.width === width && this.canvas.height === height) return false;
    [this.canvas.width, this.canvas.height] = [width, height];
    return true;
  }

  /** Give a picture of a plane to the graphics card: RGBA, x (or y) fastest, then y or z. */
  put(name, plane, pixels) {
    const gl = this.gl, [across, up] = this.planes.running(plane), sides = [1, 1, 1];
    sides[across] = this.planes.shape[across];
    sides[up] = this.planes.shape[up];
    const known = this.textures.get(name);
    if (!known) this.textures.set(name, gl.createTexture());
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_3D, this.textures.get(name));
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGBA8, ...sides, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    const filter = this.smooth ? gl.LINEAR : gl.NEAREST;
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MAG_FILTER, filter);
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R])
      gl.texParameteri(gl.TEXTURE_3D, wrap, gl.CLAMP_TO_EDGE);
  }

  /** @param tiles [{name, plane, rectangle: [left, top, width, height] of the canvas, 0 to 1}] */
  arrange(tiles) {
    const across = GAP / this.canvas.clientWidth, down = GAP / this.canvas.clientHeight;
    this.tiles = tiles.map((tile) => {
      const [left, top, width, height] = tile.rectangle;
      return { ...tile, rectangle: [left, top, Math.max(width - across, 0.01), Math.max(height - down, 0.01)] };
    });
    this.niivue.customLayout = this.tiles.map((tile) => ({ sliceType: SLICES[tile.plane], position: tile.rectangle }));
  }

  /** Draw all tiles at a place of the display, moved and enlarged by a view {pan: [x, y, z] mm, zoom}. */
  draw(place, { pan, zoom }) {
    const { niivue } = this;
    niivue.tiles = this.tiles.map((tile) => ({ ...tile, texture: this.textures.get(tile.name) }));
    niivue.scene.crosshairPos = place.map((n, axis) => (n + 0.5) / this.planes.shape[axis]);
    niivue.scene.pan2Dxyzmm = [...pan, zoom];
    niivue.drawScene();
    this.maps = this.tiles.map((_, number) => this.#map(number));
  }

  /** How pixels of the canvas (CSS) become places of the display along a tile's two axes, and back. */
  #map(number) {
    const { niivue, canvas } = this, tile = this.tiles[number], [across, up] = this.planes.running(tile.plane);
    const [left, top, width, height] = niivue.screenSlices[number].leftTopWidthHeight;
    // Asked inside the tile: at its border rounding makes NiiVue say that a point lies outside.
    const asked = (share) => niivue.screenXY2TextureFrac(left + share * width, top + share * height, number, false);
    const [first, last] = [asked(0.25), asked(0.75)];
    const ratio = canvas.width / canvas.clientWidth;
    const line = (axis, begin, extent) => {
      const shape = this.planes.shape[axis], quarter = ((last[axis] - first[axis]) * shape) / 2;
      const [from, to] = [first[axis] * shape - quarter, last[axis] * shape + quarter];
      return { axis, begin: begin / ratio, extent: extent / ratio, from, to };
    };
    return { across: line(across, left, width), up: line(up, top, height) };
  }

  /** The tile under a point of the canvas (CSS pixels), and the voxel of the display there. */
  at(x, y, place) {
    const number = this.maps.findIndex(({ across, up }) => inside(across, x) && inside(up, y));
    if (number < 0) return null;
    return { number, tile: this.tiles[number], place: this.within(number, x, y, place) };
  }

  /** The voxel of the display at a point, as tile `number` counts, wherever the point is. */
  within(number, x, y, place) {
    const { across, up } = this.maps[number], found = [...place];
    for (const [line, at] of [[across, x], [up, y]]) {
      const exact = line.from + ((at - line.begin) / line.extent) * (line.to - line.from);
      found[line.axis] = Math.min(Math.max(Math.floor(exact), 0), this.planes.shape[line.axis] - 1);
    }
    return found;
  }

  /** Where the middle of a voxel of the display stands in a tile, as shares of the tile. */
  shares(number, place) {
    const { across, up } = this.maps[number];
    return [across, up].map(({ axis, from, to }) => (place[axis] + 0.5 - from) / (to - from));
  }

  /** Millimeters that one CSS pixel measures in a tile. */
  scale(number) {
    const { across } = this.maps[number];
    return (Math.abs(across.to - across.from) / across.extent) * this.planes.millimeters[across.axis];
  }
}

function inside({ begin, extent }, at) {
  return at >= begin && at < begin + extent;
}

/** An image for NiiVue as large as the volume, square to the world and around its origin, of a few voxels. */
async function box(planes) {
  const extents = planes.shape.map((count, axis) => count * planes.millimeters[axis]);
  const coarse = Math.max(...extents) / 16;
  const counts = extents.map((extent) => Math.max(1, Math.round(extent / coarse)));
  const sides = extents.map((extent, axis) => extent / counts[axis]);
  const [x, y, z] = extents.map((extent, axis) => (sides[axis] - extent) / 2);
  const affine = [sides[0], 0, 0, x, 0, sides[1], 0, y, 0, 0, sides[2], z, 0, 0, 0, 1];
  const voxels = new Uint8Array(counts[0] * counts[1] * counts[2]);
  voxels[0] = 1;
  const file = NVImage.createNiftiArray(counts, sides, affine, 2, voxels);
  return NVImage.new(file.buffer, "box.nii", "gray");
}
