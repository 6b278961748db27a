// Pointers, wheel and keys on the stage.

const ZOOM_STEP = 1.2;

/** @param viewer of viewer.js */
export function listen(viewer, element) {
  const pointers = new Map();
  let drag = null;

  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const begin = (event) => {
    element.focus({ preventScroll: true });
    element.setPointerCapture?.(event.pointerId);
    pointers.set(event.pointerId, at(event));
    const [x, y] = at(event), hit = viewer.stage.at(x, y, viewer.state.place);
    if (!hit) return;
    const moves = event.button === 1 || event.button === 2 || event.shiftKey;
    drag = { number: hit.number, moves, last: [x, y] };
    if (pointers.size === 2) drag.pinch = spanOf(pointers);
    else if (!moves) viewer.go(hit.place, { plane: hit.tile.plane });
    event.preventDefault();
  };
  const move = (event) => {
    if (!pointers.has(event.pointerId) || !drag) return;
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 2) {
      const next = spanOf(pointers), before = drag.pinch ?? next;
      viewer.zoom(next.length / Math.max(before.length, 1), drag.number, next.middle);
      viewer.pan(drag.number, next.middle[0] - before.middle[0], next.middle[1] - before.middle[1]);
      drag.pinch = next;
      return;
    }
    const [x, y] = at(event);
    if (drag.moves) viewer.pan(drag.number, x - drag.last[0], y - drag.last[1]);
    else if (!drag.pinch) viewer.go(viewer.stage.within(drag.number, x, y, viewer.state.place));
    drag.last = [x, y];
  };
  const end = (event) => {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) {
      if (drag) viewer.say();
      drag = null;
    }
  };
  element.addEventListener("pointerdown", begin);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener("dblclick", () => viewer.whole());

  let wheel = 0;
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = at(event), hit = viewer.stage.at(x, y, viewer.state.place);
    if (!hit) return;
    if (event.ctrlKey || event.metaKey) {
      viewer.zoom(Math.exp(-event.deltaY / 300), hit.number, [x, y]);
      return;
    }
    // A notch is one slice; the many small steps of a touchpad add up to one.
    wheel += event.deltaMode === 0 ? event.deltaY / 60 : event.deltaY;
    const slices = Math.trunc(Math.abs(event.deltaY) >= 100 ? Math.sign(event.deltaY) : wheel);
    if (slices) {
      wheel = 0;
      viewer.scroll(hit.tile.plane, -slices);
    }
  }, { passive: false });

  element.addEventListener("keydown", (event) => {
    if (moved(event, viewer)) event.preventDefault();
  });
}

/** Keys that hold wherever the focus is, but in fields where letters or arrows mean something else. */
export function listenToKeys(viewer, element) {
  const typing = (target) => target.matches?.("input[type=number], input[type=text], select, textarea");
  const down = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (pressed(event, viewer)) event.preventDefault();
  };
  const up = (event) => {
    if ("mMpP".includes(event.key)) viewer.hold(null);
  };
  const blur = () => viewer.hold(null);
  element.addEventListener("keydown", down);
  element.addEventListener("keyup", up);
  window.addEventListener("blur", blur);
  return () => {
    element.removeEventListener("keydown", down);
    element.removeEventListener("keyup", up);
    window.removeEventListener("blur", blur);
  };
}

/** Arrows move the crosshair as they point; whether the key was one of these. */
function moved(event, viewer) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { plane } = viewer.state, [across, up] = viewer.planes.running(plane), steps = event.shiftKey ? 10 : 1;
  // Left on the screen is where the axis across runs to, in every plane.
  const moves = { ArrowLeft: [across, 1], ArrowRight: [across, -1], ArrowUp: [up, 1], ArrowDown: [up, -1] };
  if (moves[event.key]) viewer.step(moves[event.key][0], moves[event.key][1] * steps);
  else if (event.key === "PageUp") viewer.scroll(plane, steps);
  else if (event.key === "PageDown") viewer.scroll(plane, -steps);
  else return false;
  viewer.say();
  return true;
}

function pressed(event, viewer) {
  const key = event.key.toLowerCase();
  const views = { f: "fused", e: "edges", c: "checkerboard", w: "swipe" };
  const planes = { 1: "axial", 2: "coronal", 3: "sagittal" };
  if (key === "m" || key === "p") viewer.hold(key === "m" ? "anatomy" : "uptake");
  else if (views[key]) viewer.show(views[key]);
  else if (planes[key]) viewer.turn(planes[key]);
  else if (key === "+" || key === "=") viewer.zoom(ZOOM_STEP);
  else if (key === "-") viewer.zoom(1 / ZOOM_STEP);
  else if (key === "0") viewer.whole();
  else if (key === "n" || key === "b") viewer.foci.step(key === "n" ? 1 : -1);
  else return false;
  return true;
}

function spanOf(pointers) {
  const [[x0, y0], [x1, y1]] = [...pointers.values()];
  return { length: Math.hypot(x1 - x0, y1 - y0), middle: [(x0 + x1) / 2, (y0 + y1) / 2] };
}
