"use strict";

// Sorting and searching the table. What is chosen stands in the address, so that a view can be kept and passed on:
// #sort=coverage&dir=descending&q=app
(() => {
  const table = document.getElementById("table");
  if (!table) return;
  const heads = [...table.querySelectorAll("thead th")];
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({
    row,
    name: row.cells[0].textContent.toLowerCase(),
    values: [...row.cells].map((cell) => Number.parseFloat(cell.dataset.v)),
  }));
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const byName = new Intl.Collator("en", { numeric: true });
  const first = { sort: "name", dir: "ascending", q: "" };
  let chosen = { ...first };

  const headOf = (key) => heads.find((head) => head.dataset.key === key);
  const opposite = (dir) => (dir === "ascending" ? "descending" : "ascending");

  // compare orders by the chosen column, and by name where that leaves it open. What is no number comes last.
  function compare(column, sign) {
    return (a, b) => {
      const [x, y] = [a.values[column], b.values[column]];
      if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
      return (x === y || Number.isNaN(x) ? 0 : sign * (x - y)) || byName.compare(a.name, b.name);
    };
  }

  function sort() {
    const column = heads.indexOf(headOf(chosen.sort));
    const sign = chosen.dir === "ascending" ? 1 : -1;
    rows.sort(column === 0 ? (a, b) => sign * byName.compare(a.name, b.name) : compare(column, sign));
    body.append(...rows.map(({ row }) => row));
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", chosen.dir);
  }

  function filter() {
    const wanted = chosen.q.trim().toLowerCase();
    let count = 0;
    for (const { row, name } of rows) {
      row.hidden = !name.includes(wanted);
      if (!row.hidden) count++;
    }
    shown.textContent = wanted ? `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")}` : "";
  }

  // read takes what the address says; what it does not know falls back to the table as it was written. An address
  // that names a place on the page says nothing of the table.
  function read() {
    const said = new URLSearchParams(location.hash.slice(1));
    const head = headOf(said.get("sort")) ?? headOf(first.sort);
    const dir = said.get("dir");
    if (location.hash.length < 2 || location.hash.includes("=")) {
      chosen = {
        sort: head.dataset.key,
        dir: dir === "ascending" || dir === "descending" ? dir : head.dataset.first,
        q: said.get("q") ?? "",
      };
    }
    search.value = chosen.q;
    sort();
    filter();
  }

  function keep() {
    const said = new URLSearchParams();
    if (chosen.sort !== first.sort || chosen.dir !== first.dir) {
      said.set("sort", chosen.sort);
      said.set("dir", chosen.dir);
    }
    if (chosen.q) said.set("q", chosen.q);
    history.replaceState(null, "", "#" + said);
  }

  for (const head of heads) {
    if (!head.dataset.key) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const { key } = head.dataset;
      chosen = { ...chosen, sort: key, dir: chosen.sort === key ? opposite(chosen.dir) : head.dataset.first };
      sort();
      keep();
    });
  }
  search.addEventListener("input", () => {
    chosen.q = search.value;
    filter();
    keep();
  });
  search.closest("[hidden]").hidden = false;
  window.addEventListener("hashchange", read);
  read();
})();

// The chart's figures at the moment that is pointed at, or touched.
(() => {
  const chart = document.querySelector(".chart");
  const readout = document.getElementById("readout");
  if (!chart) return;
  chart.addEventListener("pointermove", (event) => {
    readout.textContent = event.target.closest(".moment")?.firstElementChild.textContent ?? "";
  });
  chart.addEventListener("pointerleave", () => {
    readout.textContent = "";
  });
})();
