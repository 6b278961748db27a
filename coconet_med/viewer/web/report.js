// Viewers in a report: one is open at a time, the others are still pictures; a case is unpacked when it is opened.
import { Planes } from "./planes.js";
import { Stage } from "./stage.js";
import { loadStudy, unpacked, widthOf } from "./study.js";
import { Viewer } from "./viewer.js";

let opened = null;

for (const button of document.querySelectorAll("button[data-open]")) button.addEventListener("click", () => open(button));

async function open(button) {
  button.disabled = true;
  try {
    leave();
    const { document: page, parts } = JSON.parse(document.getElementById(button.dataset.open).textContent);
    const study = await loadStudy(page, (name) => unpacked(parts[name], widthOf(page.parts[name])));
    const here = button.closest(".case-view").querySelector(".here");
    const root = document.getElementById("viewer-template").content.firstElementChild.cloneNode(true);
    here.replaceChildren(root);
    const stage = new Stage(root.querySelector("[data-part=canvas]"), new Planes(page));
    const viewer = await new Viewer(root, study, stage, { keys: root }).open();
    root.dataset.state = "open";
    if (page.foci) viewer.foci.show(page.foci, "on the slices that were measured");
    opened = { viewer, button, here };
    window.coconet = viewer;
    button.hidden = true;
    viewer.part("overlay").focus({ preventScroll: true });
  } catch (error) {
    button.closest(".case-view").querySelector(".here").textContent = `The viewer could not be opened: ${error.message ?? error}`;
    console.error(error);
  } finally {
    button.disabled = false;
  }
}

/** Close the viewer that is open; its last picture stays. */
function leave() {
  if (!opened) return;
  opened.here.replaceChildren(opened.viewer.close());
  opened.button.hidden = false;
  opened.button.textContent = "Open the viewer again";
  opened = null;
}
