// The panel: every control changes the viewer's state, and shows it.
import { figure, withUnits } from "./readout.js";

const SLICE_AXES = { "slice-x": [0, "sagittal"], "slice-y": [1, "coronal"], "slice-z": [2, "axial"] };
const DIGITS = { strength: 2, lightness: 2 };

export class Controls {
  constructor(viewer) {
    this.viewer = viewer;
    this.find = (name) => viewer.root.querySelector(`[data-control="${name}"]`);
    const { document: page } = viewer.study;
    this.#fill(page);
    this.#listen();
    this.show();
  }

  #fill(page) {
    const { viewer } = this;
    const map = this.find("colormap");
    for (const [name, { description, kind }] of Object.entries(page.colormaps)) {
      if ((kind === "diverging") !== viewer.mixing.signed) continue; // a map of both signs needs a field of its own
      const option = document.createElement("option");
      [option.value, option.textContent, option.title] = [name, name, description];
      map.append(option);
    }
    const { low, high } = viewer.limits;
    Object.assign(this.find("threshold"), { min: low, max: high, step: (high - low) / 200 });
    Object.assign(this.find("top"), { min: low + (high - low) / 100, max: 2 * high - low, step: (high - low) / 200 });
    for (const [name, [axis, plane]] of Object.entries(SLICE_AXES)) {
      this.find(name).max = viewer.planes.shape[axis] - 1;
      this.find(name).closest("label").hidden = !viewer.planes.names.includes(plane) || viewer.planes.shape[axis] === 1;
    }
    const planar = viewer.planes.names.length === 1;
    this.find("plane").closest("label").hidden = planar;
    const both = page.anatomy && page.uptake;
    for (const name of ["view", "hold-anatomy", "hold-uptake"]) {
      const control = this.find(name);
      (control.closest("label") ?? control).hidden = !both;
    }
    this.find("layout").querySelector('[value="row"]').hidden = !both;
    this.find("check").hidden = !viewer.canCompare;
    viewer.part("mixing").hidden = !viewer.mixing.live && !page.fixed;
    viewer.part("fixed").hidden = !page.fixed;
    viewer.part("fixed").textContent = page.fixed || "";
    if (page.fixed) for (const control of viewer.part("mixing").querySelectorAll("input, select, button")) control.disabled = true;
    const warnings = viewer.part("warnings");
    warnings.hidden = !page.warnings?.length;
    for (const warning of page.warnings ?? []) {
      const entry = document.createElement("li");
      entry.textContent = warning;
      warnings.querySelector("ul").append(entry);
    }
  }

  #listen() {
    const { viewer } = this;
    const on = (name, event, act) => this.find(name).addEventListener(event, (given) => act(given.target, given));
    on("view", "change", ({ value }) => viewer.show(value));
    on("plane", "change", ({ value }) => viewer.turn(value));
    on("layout", "change", ({ value }) => viewer.arrange(value));
    on("swipe", "input", ({ valueAsNumber }) => viewer.swipe(valueAsNumber));
    on("smooth", "change", ({ checked }) => viewer.interpolate(checked));
    on("whole", "click", () => viewer.whole());
    for (const [name, [axis]] of Object.entries(SLICE_AXES))
      on(name, "input", ({ valueAsNumber }) => viewer.go(viewer.state.place.with(axis, valueAsNumber)));
    for (const source of ["anatomy", "uptake"]) {
      const hold = () => viewer.hold(source), release = () => viewer.hold(null);
      on(`hold-${source}`, "pointerdown", hold);
      for (const event of ["pointerup", "pointerleave", "pointercancel", "blur"]) on(`hold-${source}`, event, release);
      on(`hold-${source}`, "keydown", (_, { key }) => (key === " " || key === "Enter") && hold());
      on(`hold-${source}`, "keyup", release);
    }
    for (const name of ["strength", "lightness"]) on(name, "input", ({ valueAsNumber }) => viewer.look({ [name]: valueAsNumber }));
    on("threshold", "input", ({ valueAsNumber, min }) => viewer.look({ threshold: valueAsNumber > Number(min) ? valueAsNumber : null }));
    on("colormap", "change", ({ value }) => viewer.look({ colormap: value }));
    on("top", "input", ({ valueAsNumber }) => viewer.look({ window: [viewer.state.look.window[0], valueAsNumber] }));
    const pair = (first, second, name) => () => {
      const [low, high] = [this.find(first).valueAsNumber, this.find(second).valueAsNumber];
      const wrong = !(Number.isFinite(low) && Number.isFinite(high) && low < high);
      for (const end of [first, second]) {
        this.find(end).setCustomValidity(wrong ? "two numbers, the lower one first" : "");
        this.find(end).setAttribute("aria-invalid", String(wrong));
      }
      if (!wrong) viewer.look({ [name]: [low, high] });
    };
    for (const end of ["low", "high"]) on(end, "change", pair("low", "high", "window"));
    for (const end of ["black", "white"]) on(end, "change", pair("black", "white", "anatomyWindow"));
    on("reset", "click", () => viewer.reset());
    on("check", "click", () => viewer.compare());
  }

  /** Bring what the controls say to the viewer's state. */
  show() {
    const { viewer } = this, { state } = viewer, { look } = state;
    const set = (name, value, words) => {
      const control = this.find(name);
      if (document.activeElement !== control || control.type !== "number") control.value = value;
      const output = control.parentElement.querySelector("output");
      if (output && words !== undefined) output.textContent = words;
      if (words !== undefined) control.setAttribute("aria-valuetext", words);
    };
    set("view", state.view);
    set("plane", state.plane);
    set("layout", state.layout);
    set("swipe", state.swipe);
    this.find("smooth").checked = state.smooth;
    viewer.root.querySelector('[data-for="swipe"]').hidden = state.view !== "swipe";
    for (const [name, [axis]] of Object.entries(SLICE_AXES))
      set(name, state.place[axis], `${state.place[axis] + 1}/${viewer.planes.shape[axis]}`);
    for (const source of ["anatomy", "uptake"])
      this.find(`hold-${source}`).setAttribute("aria-pressed", String(state.hold === source));
    const page = viewer.study.document, units = page.uptake?.units ?? page.units ?? "";
    viewer.part("key-low").textContent = withUnits(look.window[0], units);
    viewer.part("key-high").textContent = withUnits(look.window[1], units);
    if (!viewer.mixing.live) { // nothing to choose: what the side-car says of the file, lest the page say otherwise
      this.find("colormap").replaceChildren(new Option(look.colormap ?? "none"));
      for (const name of ["strength", "lightness"]) set(name, look[name], look.colormap ? look[name].toFixed(DIGITS[name]) : "");
      const none = look.threshold === null || look.threshold === undefined;
      set("threshold", none ? 0 : look.threshold, !look.colormap ? "" : none ? "off" : figure(look.threshold));
      if (look.colormap) for (const [n, name] of ["low", "high"].entries()) set(name, Number(look.window[n].toPrecision(5)));
      return;
    }
    for (const name of ["strength", "lightness"]) set(name, look[name], look[name].toFixed(DIGITS[name]));
    set("threshold", look.threshold ?? this.find("threshold").min, look.threshold === null ? "off" : figure(look.threshold));
    set("colormap", look.colormap);
    set("top", look.window[1], figure(look.window[1]));
    set("low", Number(look.window[0].toPrecision(5)));
    set("high", Number(look.window[1].toPrecision(5)));
    set("black", Number(look.anatomyWindow[0].toPrecision(5)));
    set("white", Number(look.anatomyWindow[1].toPrecision(5)));
    viewer.part("cost").textContent = page.colormaps[look.colormap].cost;
    viewer.part("options").textContent = viewer.options();
  }
}
