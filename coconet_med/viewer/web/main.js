// The page of one study.
import { Planes } from "./planes.js";
import { Stage } from "./stage.js";
import { bytesOf, fetched, loadStudy, unpacked, widthOf } from "./study.js";
import { Viewer } from "./viewer.js";

const THEMES = ["light", "dark"];

async function open() {
  const page = JSON.parse(document.getElementById("study").textContent);
  const state = document.getElementById("state");
  const served = page.served;
  const from = served
    ? (name) => fetched(`parts/${name}`, bytesOf(page.parts[name]), globalThis.asked[name])
    : async (name) => {
        const holder = document.getElementById(`part-${name}`), text = holder.textContent;
        holder.remove(); // its text is as large as the image
        return unpacked(text, widthOf(page.parts[name]));
      };
  const loading = loadStudy(page, from);
  const root = document.getElementById("viewer-template").content.firstElementChild.cloneNode(true);
  document.getElementById("here").replaceChildren(root);
  const stage = new Stage(root.querySelector("[data-part=canvas]"), new Planes(page));
  const [study] = await Promise.all([loading, stage.open()]); // the graphics card gets ready meanwhile
  const file = served ? async () => new Uint8Array(await fetched("parts/file", 3 * page.size.reduce((a, b) => a * b, 1))) : null;
  const viewer = await new Viewer(root, study, stage, { file }).open();
  state.hidden = true;
  window.coconet = viewer; // for those who look from the console, and for tests
  viewer.opened = performance.now();
  root.dataset.state = "open";
  if (page.foci !== undefined) viewer.foci.show(page.foci);
  else if (served) await foci(viewer);
}

/** Foci are looked for while the page is shown already. */
async function foci(viewer) {
  viewer.foci.show(null);
  for (;;) {
    const answer = await fetch("foci", { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return viewer.foci.show([]);
    const { ready, foci } = await answer.json();
    if (ready) return viewer.foci.show(foci);
    await new Promise((resume) => setTimeout(resume, 500));
  }
}

function theme() {
  const button = document.getElementById("theme");
  const dark = () => document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const name = () => (button.textContent = dark() === "dark" ? "light page" : "dark page");
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = THEMES[Number(dark() === "light")];
    name();
  });
  name();
}

theme();
open().catch((error) => {
  const state = document.getElementById("state");
  state.hidden = false;
  state.className = "failed";
  state.textContent = /webgl/i.test(String(error))
    ? "This browser does not draw with WebGL 2; open the page in another one."
    : `The viewer could not be opened: ${error.message ?? error}`;
  console.error(error);
});
