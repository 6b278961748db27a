// The list of foci: small findings of either source, those first that the fusion weakened most.
import { worldText } from "./planes.js";
import { figure } from "./readout.js";

export class FociList {
  /** @param go {(voxel, plane) => void} moves the crosshair there */
  constructor(part, planes, names, go) {
    this.part = part;
    this.planes = planes;
    this.names = names;
    this.go = go;
    this.current = -1;
    this.all = this.foci = [];
    this.kind = part("foci").querySelector("[data-control=foci]");
    this.kind.addEventListener("change", () => this.#list());
  }

  /**
   * @param foci as viewer/foci.py gives them; null while they are looked for
   * @param where what to say of where they were looked for
   */
  show(foci, where = "") {
    this.where = where;
    this.part("foci").hidden = false;
    this.all = foci;
    this.#list();
  }

  #list() {
    const [source, sign] = this.kind.value.split(" ");
    const listed = ({ source: of, hot }) => source === "all" || (source === of && (!sign || hot === (sign === "hot")));
    this.foci = (this.all ?? []).filter(listed);
    this.current = -1;
    const lost = this.foci.filter((focus) => focus.lost).length;
    this.part("foci-note").textContent = this.all === null
      ? "Looking for foci ..."
      : this.foci.length
        ? `${this.foci.length} small findings${this.where ? ` ${this.where}` : ""}; ${lost} do not stand out of their surroundings in the fused lightness.`
        : "No such small finding stands out of its surroundings.";
    this.part("foci-list").replaceChildren(...this.foci.map((focus, number) => this.#entry(focus, number)));
  }

  step(by) {
    if (!this.foci.length) return;
    this.#take((this.current + by + this.foci.length) % this.foci.length);
  }

  #entry(focus, number) {
    const entry = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    const share = Math.round(100 * focus.kept);
    const kept = share < 0 ? "reversed in lightness" : `${share} % of its contrast kept`;
    const words = document.createElement("span");
    words.textContent = `${focus.hot ? "hot" : "cold"} in ${this.names[focus.source]}, ${figure(focus.diameter)} mm, ${kept}`;
    if (focus.lost) words.className = "lost";
    button.append(words);
    if (!this.planes.document.planar) {
      button.append(document.createElement("br"));
      const where = document.createElement("small");
      where.textContent = worldText(this.planes.world(focus.voxel));
      button.append(where);
    }
    button.addEventListener("click", () => this.#take(number));
    entry.append(button);
    return entry;
  }

  #take(number) {
    const list = this.part("foci-list");
    list.children[this.current]?.removeAttribute("aria-current");
    this.current = number;
    list.children[number].setAttribute("aria-current", "true");
    list.children[number].scrollIntoView({ block: "nearest" });
    this.go(this.foci[number].voxel, this.foci[number].plane);
  }
}
