"use strict";

// The state of the page is in its address, so that a view can be shared:
// #sort=coverage&dir=descending&q=app&period=91&repo=acme/app
const data = JSON.parse(document.getElementById("data").textContent);
const first = { sort: "change", dir: "ascending", q: "", period: 0, repo: "" };
let state = { ...first };
const listeners = []; // called after each change of the state

function change(values) {
  state = { ...state, ...values };
  const parameters = new URLSearchParams();
  const sorted = state.sort !== first.sort || state.dir !== first.dir;
  for (const key of Object.keys(first)) {
    const isSort = key === "sort" || key === "dir";
    if (isSort ? sorted : state[key] !== first[key]) parameters.set(key, state[key]);
  }
  history.replaceState(null, "", "#" + parameters);
  for (const listener of listeners) listener();
}

const element = (name, attributes, ...children) => {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
};

// Charts.

const DAY = 86400;
const periods = [[91, "3 months"], [365, "1 year"], [0, "All"]];
const newest = Math.max(...[data.account, ...Object.values(data.repositories)].map((course) => course?.at(-1)?.[0] ?? 0));

const percent = (hundredths) => `${(hundredths / 100).toFixed(2)}%`;
const format = (options) => {
  const formatter = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
  return (seconds) => formatter.format(new Date(seconds * 1000)).replace("Sept", "Sep");
};
const day = format({ day: "numeric", month: "short", year: "numeric" });
const valueText = ([at, coverage, lines]) => `${day(at)}: ${percent(coverage)} of ${lines.toLocaleString("en")} lines`;

// inPeriod returns the points of the last days, and the value at their beginning. 0 days are all of them.
function inPeriod(course, days) {
  if (!days) return course;
  const start = newest - days * DAY;
  const before = course.filter(([at]) => at < start).at(-1);
  const points = course.filter(([at]) => at >= start);
  if (before) points.unshift([start, before[1], before[2]]);
  if (points.length === 1) points.push([newest, points[0][1], points[0][2]]);
  return points;
}

// levels returns the ends of the axis and the distance of its marks, in percent: at most five distances that contain all values.
function levels(points) {
  let low = Math.min(...points.map((p) => p[1])) / 100;
  let high = Math.max(...points.map((p) => p[1])) / 100;
  const missing = 2 - (high - low); // a smaller change does not look like a large one
  if (missing > 0) [low, high] = [Math.max(low - missing / 2, 0), Math.min(high + missing / 2, 100)];
  for (const step of [0.5, 1, 2, 5, 10, 20, 25]) {
    const ends = [Math.max(Math.floor(low / step) * step, 0), Math.min(Math.ceil(high / step) * step, 100)];
    if ((ends[1] - ends[0]) / step <= 5) return { low: ends[0], high: ends[1], step };
  }
  return { low: 0, high: 100, step: 25 };
}

const strides = [
  ...[1, 2, 7, 14].map((days) => ({ days, length: days, text: format({ day: "numeric", month: "short" }) })),
  ...[1, 2, 3, 6].map((months) => ({ months, length: months * 31, text: format({ month: "short", year: "numeric" }) })),
  ...[1, 2, 5, 10, 100, 1000].map((years) => ({ years, length: years * 366, text: format({ year: "numeric" }) })),
];

// dates returns at most so many beginnings of days, months or years.
function dates(start, end, most) {
  for (const stride of strides) {
    if (end - start > stride.length * DAY * (most + 1)) continue;
    const marks = [];
    const from = new Date(start * 1000);
    const at = new Date(0);
    at.setUTCFullYear(stride.years ? from.getUTCFullYear() - (from.getUTCFullYear() % stride.years) : from.getUTCFullYear(),
      stride.years ? 0 : stride.months ? from.getUTCMonth() - (from.getUTCMonth() % stride.months) : from.getUTCMonth(),
      stride.days ? from.getUTCDate() : 1);
    while (at / 1000 <= end) {
      if (at / 1000 >= start) marks.push({ at: at / 1000, text: stride.text(at / 1000) });
      at.setUTCFullYear(at.getUTCFullYear() + (stride.years ?? 0), at.getUTCMonth() + (stride.months ?? 0), at.getUTCDate() + (stride.days ?? 0));
    }
    if (marks.length <= most) return marks;
  }
  return [];
}

const svg = (name, attributes, text) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  if (text) e.textContent = text;
  return e;
};

// addChart fills a container with period buttons and the chart of a course. The value under the pointer is shown beside it,
// and the arrow keys move from value to value.
function addChart(container, course, name) {
  const buttons = periods.map(([days, text]) => {
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", () => change({ period: days }));
    return button;
  });
  const summary = element("p", { class: "quiet" });
  const frame = element("div", { class: "frame" });
  const value = element("output", { class: "value", hidden: "" });
  container.replaceChildren(element("div", { class: "head" }, summary, element("p", { class: "periods", role: "group", "aria-label": "Period" }, ...buttons)), frame);

  function draw() {
    periods.forEach(([days], i) => buttons[i].setAttribute("aria-pressed", days === state.period));
    const points = inPeriod(course, state.period);
    if (points.length === 0) {
      summary.textContent = "No commit in this period.";
      frame.replaceChildren();
      return;
    }
    const [start, end] = [points[0], points.at(-1)];
    summary.textContent = points.length === 1 ? valueText(start)
      : `${percent(start[1])} on ${day(start[0])}, ${percent(end[1])} on ${day(end[0])}`;
    const width = Math.max(container.clientWidth, 260);
    const height = width < 600 ? 220 : 300;
    const area = { left: 48, right: width - 16, top: 12, bottom: height - 30 };
    const axis = levels(points);
    const x = (at) => (end[0] > start[0] ? area.left + ((at - start[0]) / (end[0] - start[0])) * (area.right - area.left) : area.right);
    const y = (level) => area.bottom - ((level - axis.low) / (axis.high - axis.low)) * (area.bottom - area.top);
    const chart = svg("svg", {
      viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "slider", "aria-label": `Coverage of ${name}`,
      "aria-valuemin": 0, "aria-valuemax": points.length - 1,
    });
    for (let level = axis.low; level <= axis.high + axis.step / 10; level += axis.step) {
      chart.append(svg("line", { class: "level", x1: area.left, x2: area.right, y1: y(level), y2: y(level) }));
      chart.append(svg("text", { class: "level", x: area.left - 8, y: y(level), dy: "0.32em", "text-anchor": "end" }, `${level}%`));
    }
    for (const { at, text } of dates(start[0], end[0], width < 600 ? 3 : 6)) {
      chart.append(svg("line", { class: "date", x1: x(at), x2: x(at), y1: area.bottom, y2: area.bottom + 5 }));
      const anchor = x(at) > area.right - 24 ? "end" : "middle";
      chart.append(svg("text", { class: "date", x: anchor === "end" ? area.right + 12 : x(at), y: area.bottom + 22, "text-anchor": anchor }, text));
    }
    const path = points.map((p, i) => `${i ? "L" : "M"}${x(p[0]).toFixed(1)} ${y(p[1] / 100).toFixed(1)}`).join("");
    const mark = svg("circle", { class: "mark", r: 4.5, cx: x(end[0]), cy: y(end[1] / 100) });
    chart.append(svg("path", { class: "line", d: path }), mark);

    let selected = points.length - 1;
    function select(i, show) {
      selected = Math.min(Math.max(i, 0), points.length - 1);
      const [left, top] = [x(points[selected][0]), y(points[selected][1] / 100)];
      mark.setAttribute("cx", left);
      mark.setAttribute("cy", top);
      chart.setAttribute("aria-valuenow", selected);
      chart.setAttribute("aria-valuetext", valueText(points[selected]));
      value.textContent = valueText(points[selected]);
      value.hidden = !show;
      if (!show) return;
      const place = (left / width) * frame.clientWidth - value.offsetWidth / 2;
      value.style.left = `${Math.min(Math.max(place, 0), frame.clientWidth - value.offsetWidth)}px`;
      value.style.top = `${Math.max((top / height) * frame.clientHeight - value.offsetHeight - 12, 0)}px`;
    }
    const nearest = (at) => points.reduce((best, p, i) => (Math.abs(x(p[0]) - at) < Math.abs(x(points[best][0]) - at) ? i : best), 0);
    const hide = () => select(points.length - 1, false);
    const follow = (event) => {
      const box = chart.getBoundingClientRect();
      select(nearest(((event.clientX - box.left) / box.width) * width), true);
    };
    chart.addEventListener("pointerdown", follow);
    chart.addEventListener("pointermove", follow);
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", (event) => {
      const target = { ArrowLeft: selected - 1, ArrowRight: selected + 1, Home: 0, End: points.length - 1 }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      select(target, true);
    });
    frame.replaceChildren(chart, value);
    select(points.length - 1, false);
  }
  draw();
  return draw;
}

const redraws = new Map(); // functions that draw a chart again, by container
const redraw = () => redraws.forEach((draw) => draw());
const account = document.getElementById("account");
if (account) redraws.set(account, addChart(account, data.account, account.dataset.name));

// The table.

const table = document.getElementById("table");
const heads = table ? [...table.querySelectorAll("thead th")] : [];
const headOf = (key) => heads.find((head) => head.dataset.key === key);
const rows = table ? [...table.tBodies[0].rows].map((row) => ({
  row,
  key: row.dataset.key,
  name: row.cells[0].textContent.toLowerCase(),
  values: [...row.cells].map((cell) => Number.parseFloat(cell.dataset.v)),
})) : [];
const search = document.getElementById("search");
const byName = new Intl.Collator("en", { numeric: true });

// compare orders rows by a column, and by name where the values are equal. Missing values are last.
function compare(column, sign) {
  if (column === 0) return (a, b) => sign * byName.compare(a.name, b.name);
  return (a, b) => {
    const [x, y] = [a.values[column], b.values[column]];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return (x === y || Number.isNaN(x) ? 0 : sign * (x - y)) || byName.compare(a.name, b.name);
  };
}

function showTable() {
  const column = heads.indexOf(headOf(state.sort));
  rows.sort(compare(column, state.dir === "ascending" ? 1 : -1));
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", state.dir);
  const wanted = state.q.trim().toLowerCase();
  let count = 0;
  for (const { row, name } of rows) {
    row.hidden = !name.includes(wanted);
    if (!row.hidden) count++;
  }
  document.getElementById("shown").textContent = wanted ? `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")}` : "";
  const open = document.getElementById("open");
  table.tBodies[0].append(...rows.map(({ row }) => row));
  if (!open) return;
  const { row } = rows.find(({ key }) => key === open.dataset.key);
  open.hidden = row.hidden;
  row.after(open);
}

// showRepository opens the chart of the chosen repository below its row.
function showRepository() {
  const open = document.getElementById("open");
  if (open?.dataset.key === state.repo) return;
  for (const { row } of rows) row.querySelector("button").setAttribute("aria-expanded", row.dataset.key === state.repo);
  if (open) {
    redraws.delete(open.querySelector(".chart"));
    open.remove();
  }
  const chosen = rows.find(({ key }) => key === state.repo);
  if (!chosen) return;
  const chart = element("div", { class: "chart" });
  const cell = element("td", { colspan: heads.length }, chart);
  const figures = ["lines", "commits", "last"].map((key) => {
    const column = heads.indexOf(headOf(key));
    return element("div", {}, element("dt", {}, heads[column].textContent), element("dd", {}, chosen.row.cells[column].textContent));
  });
  const close = element("button", { type: "button" }, "Close");
  close.addEventListener("click", () => change({ repo: "" }));
  const links = element("p", { class: "links" }, close);
  if (chosen.row.dataset.page) links.prepend(element("a", { href: chosen.row.dataset.page, rel: "noopener noreferrer" }, "Open in Codecov"), " ");
  cell.append(element("dl", { class: "run" }, ...figures), links);
  chosen.row.after(element("tr", { id: "open", "data-key": state.repo }, cell));
  redraws.set(chart, addChart(chart, data.repositories[state.repo] ?? [], state.repo));
}

function prepareTable() {
  for (const head of heads) {
    if (!head.dataset.key) continue;
    const button = element("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const opposite = state.dir === "ascending" ? "descending" : "ascending";
      change({ sort: head.dataset.key, dir: state.sort === head.dataset.key ? opposite : head.dataset.first });
    });
  }
  for (const { row } of rows) {
    const name = row.querySelector("bdi > :last-child"); // its link to Codecov moves to the open chart
    if (name.href) row.dataset.page = name.href;
    name.replaceWith(element("button", { type: "button", class: "name", "aria-expanded": "false" }, name.textContent));
    row.addEventListener("click", () => change({ repo: state.repo === row.dataset.key ? "" : row.dataset.key }));
  }
  for (const item of document.querySelectorAll(".lists li")) {
    const name = item.querySelector(".name");
    const button = element("button", { type: "button", class: "name" }, name.textContent);
    name.replaceChildren(button);
    button.addEventListener("click", () => {
      change({ repo: item.dataset.key, q: "" });
      search.value = "";
      document.getElementById("open").previousElementSibling.scrollIntoView({ block: "start" });
    });
  }
  search.addEventListener("input", () => change({ q: search.value }));
  search.closest("[hidden]").hidden = false;
  listeners.push(showTable, showRepository);
}

// read reads the address; unknown values are the defaults. An address that names a place on the page changes nothing.
function read() {
  if (location.hash.length > 1 && !location.hash.includes("=")) return;
  const parameters = new URLSearchParams(location.hash.slice(1));
  const head = headOf(parameters.get("sort")) ?? headOf(first.sort);
  const dir = parameters.get("dir");
  const days = Number(parameters.get("period"));
  state = {
    sort: head?.dataset.key ?? first.sort,
    dir: dir === "ascending" || dir === "descending" ? dir : head?.dataset.first ?? first.dir,
    q: parameters.get("q") ?? "",
    period: periods.some(([known]) => known === days) ? days : 0,
    repo: parameters.get("repo") ?? "",
  };
  if (search) search.value = state.q;
  for (const listener of listeners) listener();
}

if (table) prepareTable();
listeners.push(redraw);
window.addEventListener("hashchange", read);
window.addEventListener("resize", redraw);
if (table) showTable();
read();

// A printed page has everything that is folded on the screen.
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
    details.dataset.printed = "";
  }
});
window.addEventListener("afterprint", () => {
  for (const details of document.querySelectorAll("details[data-printed]")) {
    details.open = false;
    delete details.dataset.printed;
  }
});
