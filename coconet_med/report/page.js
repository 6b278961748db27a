"use strict";
// Tables with class "sortable": a click on a column's head sorts by it, a second click turns the order round.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === "" || y === "") return (x === "") - (y === ""); // empty cells stay at the end
        const [p, q] = [Number(x), Number(y)];
        const order = Number.isNaN(p) || Number.isNaN(q) ? x.localeCompare(y, "en", { numeric: true }) : p - q;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}

// What a column says, while the pointer or the focus is on its head.
for (const head of document.querySelectorAll("th[title]")) {
  const help = head.closest(".table").querySelector(".help");
  const show = () => (help.textContent = `${head.textContent.trim()}: ${head.title}`);
  head.addEventListener("pointerenter", show);
  head.addEventListener("focusin", show);
}

// Filters: rows of the table of cases and their articles.
const filters = document.querySelector(".filters");
if (filters) {
  const [find, kind] = ["find", "kind"].map((name) => filters.querySelector(`[data-filter="${name}"]`));
  const rows = [...document.querySelectorAll("#cases tbody tr")];
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const shown = words.every((word) => text.includes(word)) && (!kind.value || row.dataset.kinds.split(" ").includes(kind.value));
      row.hidden = !shown;
      const article = document.getElementById(row.dataset.article);
      if (article) article.hidden = !shown;
      count += Number(shown);
    }
    filters.querySelector("output").textContent = `${count} of ${rows.length} cases`;
  };
  find.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  filter();
}
