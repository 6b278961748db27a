// One viewer: its state, and what follows from a change of it.
import { compared } from "./alignment.js";
import { compareWithFile, comparisonText } from "./check.js";
import { clamp } from "./colors.js";
import { Controls } from "./controls.js";
import { FociList } from "./foci.js";
import { listen, listenToKeys } from "./input.js";
import { drawKey } from "./key.js";
import { layout } from "./layout.js";
import { Mixing, upper } from "./mixing.js";
import { Overlay } from "./overlay.js";
import { figure, showValues, valuesAt } from "./readout.js";
import { initialLook, namesOf, startingPlace } from "./start.js";

const MOST_ZOOM = 40;

export class Viewer {
  /**
   * @param root the element of the template
   * @param study of study.js
   * @param stage of stage.js, on its way: it opens while the study is loaded
   * @param file gives the voxels of the file (k, j, i, channel), where the page can ask for them
   */
  constructor(root, study, stage, { file = null, keys = document } = {}) {
    this.root = root;
    this.study = study;
    this.opening = stage;
    this.file = file;
    this.keys = keys;
    const page = study.document;
    this.planes = stage.planes;
    this.mixing = new Mixing(study);
    this.names = namesOf(page);
    this.initial = initialLook(page);
    const [low, high] = upper(this.initial.window, this.mixing.signed); // of what a threshold is chosen
    this.limits = { low, high };
    this.canCompare = this.mixing.live && Array.isArray(page.crc);
    this.state = {
      place: startingPlace(study, this.planes, this.mixing.signed),
      plane: this.planes.names.includes(page.slicing?.plane) ? page.slicing.plane : "axial",
      view: "fused", layout: "all", hold: null, swipe: 0.5, smooth: true,
      pan: [0, 0, 0], zoom: 1, look: { ...this.initial },
    };
    this.pictures = {};
    this.stale = new Map(this.planes.names.map((name) => [name, "all"])); // planes to be mixed: "all", or "fused" alone
    this.drawn = 0;
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  async open() {
    for (const element of this.root.querySelectorAll("[data-name]")) element.textContent = this.names[element.dataset.name];
    for (const element of this.root.querySelectorAll("[data-words]"))
      element.textContent = element.dataset.words.replace(/{(\w+)}/g, (_, name) => this.names[name]);
    this.part("anatomy-name").textContent = this.names.anatomy;
    this.part("uptake-name").textContent = this.names.uptake === "uptake" ? "uptake" : `uptake (${this.names.uptake})`;
    this.mixing.setLook(this.state.look);
    this.overlay = new Overlay(this.part("overlay"), this.planes, this.names);
    this.stage = await this.opening.open();
    this.foci = new FociList((name) => this.part(name), this.planes, this.names, (voxel, plane) => {
      this.turn(plane);
      this.go(this.planes.place(voxel));
      this.say();
    });
    this.controls = new Controls(this);
    listen(this, this.part("overlay"));
    this.silence = listenToKeys(this, this.keys);
    this.observer = new ResizeObserver(() => {
      this.stage.fit();
      this.arrange(this.state.layout);
    });
    this.observer.observe(this.part("stage"));
    this.arrange(this.state.layout);
    this.#key();
    this.draw();
    return this;
  }

  /** Leave the stage: its picture stays as a still one. */
  close() {
    this.draw();
    const still = document.createElement("img");
    still.alt = this.part("overlay").querySelector(".tile")?.getAttribute("aria-label") ?? "";
    still.className = "still";
    still.src = this.part("canvas").toDataURL("image/jpeg", 0.85);
    this.observer.disconnect();
    this.silence();
    this.stage.niivue.gl.getExtension("WEBGL_lose_context")?.loseContext();
    return still;
  }

  // --- what the controls call -------------------------------------------------------------------------------------

  /** Move the crosshair to a place of the display. */
  go(place, { plane = null } = {}) {
    const { state } = this, before = state.place;
    state.place = place.map((n, axis) => clamp(Math.round(n), 0, this.planes.shape[axis] - 1));
    for (const name of this.planes.names) {
      const through = this.planes.running(name)[2];
      if (state.place[through] !== before[through]) this.stale.set(name, "all");
    }
    if (plane && plane !== state.plane) this.turn(plane);
    this.#later();
  }

  step(axis, by) {
    this.go(this.state.place.with(axis, this.state.place[axis] + by));
  }

  scroll(plane, by) {
    this.step(this.planes.running(plane)[2], by);
  }

  turn(plane) {
    if (!this.planes.names.includes(plane)) return;
    this.state.plane = plane;
    this.arrange(this.state.layout);
  }

  show(view) {
    if (view !== "fused" && !(this.study.parts.anatomy && this.study.parts.uptake)) return;
    this.state.view = view;
    this.arrange(this.state.layout);
  }

  arrange(kind) {
    const { state, planes } = this, box = this.part("stage");
    state.layout = kind;
    const pictures = this.study.parts.anatomy && this.study.parts.uptake ? ["anatomy", "uptake", "fused"] : ["fused"];
    const tiles = layout(kind, { plane: state.plane, planes: planes.names, pictures, aspect: box.clientWidth / box.clientHeight });
    this.stage.arrange(tiles.map((tile) => ({ ...tile, name: `${tile.picture} ${tile.plane}` })));
    this.overlay.arrange(this.stage.tiles, state.view);
    this.#later();
  }

  swipe(share) {
    this.state.swipe = share;
    this.#later();
  }

  interpolate(smooth) {
    this.state.smooth = this.stage.smooth = smooth;
    this.#all();
  }

  /** See a source in the place of the fusion as long as a key is held. */
  hold(source) {
    if (this.state.hold === source || (source && !this.study.parts[source])) return;
    this.state.hold = source;
    this.#later();
  }

  look(change) {
    if (change.window && this.mixing.signed) change.window = [-Math.max(...change.window.map(Math.abs)), Math.max(...change.window.map(Math.abs))];
    Object.assign(this.state.look, change);
    this.mixing.setLook(this.state.look);
    this.#key();
    this.part("checked").textContent = "";
    this.#all(change.window || change.anatomyWindow ? "all" : "fused");
  }

  reset() {
    this.look({ ...this.initial });
  }

  /** Enlarge around a point of a tile, or around the crosshair. */
  zoom(factor, number = null, point = null) {
    const { state, planes } = this, zoom = clamp(state.zoom * factor, 1, MOST_ZOOM);
    const place = point ? this.stage.within(number, ...point, state.place) : state.place;
    // A point at m mm from the middle of the box stands at (m + pan / zoom) * zoom; it shall stay there.
    state.pan = state.pan.map((pan, axis) => {
      const away = (place[axis] + 0.5 - planes.shape[axis] / 2) * planes.millimeters[axis];
      return zoom === 1 ? 0 : pan + away * (state.zoom - zoom);
    });
    state.zoom = zoom;
    this.#later();
  }

  /** Move the picture by CSS pixels of a tile. */
  pan(number, x, y) {
    const { across, up } = this.stage.maps[number], scale = this.stage.scale(number) * this.state.zoom;
    const sign = (line) => Math.sign(line.to - line.from);
    this.state.pan[across.axis] += x * scale * sign(across);
    this.state.pan[up.axis] += y * scale * sign(up);
    this.#later();
  }

  whole() {
    this.state.pan = [0, 0, 0];
    this.state.zoom = 1;
    this.#later();
  }

  /** Compare all voxels, mixed with the look of the file, with those of the file. */
  async compare() {
    const say = (words, kind = "") => Object.assign(this.part("checked"), { textContent: words, className: kind });
    say("Comparing ...");
    const other = new Mixing(this.study);
    other.setLook(this.initial);
    const file = this.file ? await this.file() : null;
    const told = (share) => say(`Comparing ... ${Math.round(100 * share)} %`);
    const found = await compareWithFile(other, this.planes, { crc: this.study.document.crc, file, told });
    say(comparisonText(found), found.unequalSlices ? "differs" : "equal");
    this.compared = found;
    return found;
  }

  /** Options of `coconet-med fuse` that make the fusion as it is shown. */
  options() {
    const { look } = this.state, { initial } = this, words = [];
    const differs = (name) => String(look[name]) !== String(initial[name]);
    if (look.colormap !== "uptake") words.push(`--colormap ${look.colormap}`);
    if (look.strength !== 1) words.push(`--strength ${look.strength}`);
    if (look.lightness !== 1) words.push(`--lightness ${look.lightness}`);
    if (look.threshold !== null) words.push(`--threshold ${figure(look.threshold)}`);
    if (differs("window")) words.push(`--window ${look.window.map(figure).join(" ")}`);
    if (differs("anatomyWindow")) words.push(`--anatomy-window ${look.anatomyWindow.map(figure).join(" ")}`);
    const preview = this.part("preview");
    preview.hidden = !(differs("window") || differs("anatomyWindow"));
    preview.textContent = "Another window than the file's: colors are those that fusing with it gives; lightness is mixed by "
      + "the field of the file's window, and the network would choose a little differently.";
    return words.join(" ") || "none: all as usual";
  }

  /** Say where the crosshair is, for those who do not see it. */
  say() {
    const found = this.values;
    if (!found) return;
    this.part("spoken").textContent = ["position", "anatomy-value", "uptake-value"].map((name) => this.part(name).textContent).join("; ");
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  #all(what = "all") {
    for (const name of this.planes.names) if (this.stale.get(name) !== "all") this.stale.set(name, what);
    this.#later();
  }

  #later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => this.draw());
  }

  /** Mix what has changed, and draw it. */
  draw() {
    cancelAnimationFrame(this.waiting);
    this.waiting = null;
    const { state, stage } = this, needed = new Set(stage.tiles.map((tile) => tile.plane));
    const fresh = new Map();
    for (const plane of needed) {
      const what = this.pictures[plane] ? this.stale.get(plane) : "all";
      if (!what) continue;
      const known = what === "fused" ? this.pictures[plane] : null;
      this.pictures[plane] = this.mixing.plane(this.planes.cut(plane, state.place), known);
      this.stale.delete(plane);
      fresh.set(plane, what);
    }
    for (const tile of stage.tiles) {
      const wanted = `${this.#source(tile)} ${tile.picture === "large" && state.view === "swipe" ? state.swipe : ""}`;
      const known = this.given?.get(tile.name);
      const what = fresh.get(tile.plane), source = this.#source(tile) === "anatomy" || this.#source(tile) === "uptake";
      if (known === wanted && (!what || (what === "fused" && source))) continue;
      stage.put(tile.name, tile.plane, this.#pixels(tile));
      (this.given ??= new Map()).set(tile.name, wanted);
    }
    stage.draw(state.place, state);
    this.overlay.point(stage, state.place);
    this.#read();
    this.controls?.show();
    this.drawn++;
  }

  /** Which picture stands in a tile. */
  #source(tile) {
    const { hold, view } = this.state;
    if (tile.picture === "large") return hold ?? view;
    return tile.picture === "fused" ? hold ?? "fused" : tile.picture;
  }

  #pixels(tile) {
    const source = this.#source(tile), pictures = this.pictures[tile.plane];
    if (pictures[source]) return pictures[source];
    const width = this.planes.shape[this.planes.running(tile.plane)[0]];
    return compared(source, pictures, width, { share: this.state.swipe, toLeft: true });
  }

  #read() {
    const { plane, place } = this.state, [across, up] = this.planes.running(plane);
    const shown = this.pictures[plane] ?? this.pictures[Object.keys(this.pictures)[0]];
    const at = 4 * (place[across] + place[up] * this.planes.shape[across]);
    const color = [...shown.fused.subarray(at, at + 3)];
    const page = this.study.document;
    this.values = { ...valuesAt(this.planes.voxel(place), { planes: this.planes, mixing: this.mixing, color }), color };
    showValues(this.values, (name) => this.part(name), page);
  }

  #key() {
    const { table } = this.mixing, { look } = this.state;
    this.root.querySelector(".key").hidden = !table;
    if (table) drawKey(this.part("key"), table, look, this.study.document, this.mixing.signed);
  }
}
