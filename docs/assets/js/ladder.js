// The ladder: what was recorded for each stage, and beside it what the reader measured. The recorded numbers are those of
// the table in the element, which stays as it is.
import { fresh, make } from "./dom.js";
import { takeRecords } from "./records.js";
import { get, onChange, set } from "./store.js";
import { STAGES, readLadder, rowsOf } from "./ladder-file.js";

const MEASURES = {
  throughput: ["Requests a second", "more is better", (row, got) => got.throughput],
  p50: ["Half of all waited at most (p50, ms)", "less is better", (row, got) => got.p50],
  p99: ["99 of 100 waited at most (p99, ms)", "less is better", (row, got) => got.p99],
  errors: ["Errors", "less is better", (row, got) => got.errors],
  memory: ["Memory of all services (MB)", "less is better", (row) => row.memory],
};
const CLIENTS = { alone: "without a slow client", beside: "with one slow client" };
const KEPT = "ladder";

export function start(elements) {
  for (const element of elements) begin(element);
  takeRecords();
}

function begin(element) {
  const table = element.querySelector("table");
  const recorded = table ? rowsOfTable(table) : [];
  const chart = make("div", { class: "chart" });
  const said = make("p", { class: "verdict", role: "status" });
  const choice = chooser();
  const file = make("input", { type: "file", accept: "application/json,.json", id: fresh("ladder") });
  const forget = make("button", { type: "button", onclick: () => {
    set(KEPT, undefined);
    said.textContent = "Forgotten: only the recorded ladder is shown.";
  } }, "Forget mine");
  const show = () => {
    const mine = kept();
    forget.hidden = !mine.length;
    chart.replaceChildren(...bars(recorded, mine, choice.select.value, element.dataset.lab ?? ""));
  };
  const take = async (chosen) => {
    try {
      const rows = await readLadder(chosen);
      set(KEPT, rows);
      said.textContent = `Shown beside the recorded ladder: ${rows.map((row) => STAGES[row.lab]).join(", ")}.`;
    } catch (trouble) {
      said.textContent = trouble.message;
    }
    file.value = "";
  };
  file.addEventListener("change", () => file.files[0] && take(file.files[0]));
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    const [chosen] = event.dataTransfer.files;
    if (chosen) take(chosen);
  });
  choice.select.addEventListener("change", show);
  const label = make("label", { for: file.id }, "Your ladder: choose, or drop here, work/.grader/ladder.json");
  const figure = make("figure", { class: "ladder" }, choice.whole, chart, make("div", { class: "mine" }, label, file, forget), said);
  element.append(figure);
  onChange(show);
  show();
}

function chooser() {
  const options = Object.entries(MEASURES).map(([name, [words]]) => make("option", { value: name }, words));
  const select = make("select", { id: fresh("measure") }, ...options);
  return { select, whole: make("p", { class: "chooser" }, make("label", { for: select.id }, "Show "), select) };
}

// What is kept may have been changed by hand, or come out of a file of progress: what is no ladder is not shown.
function kept() {
  const rows = get(KEPT, []);
  const whole = Array.isArray(rows) && rows.every((row) => typeof row?.memory === "number");
  const raw = whole ? rows.map((row) => ({ ...row, app_mb: row.memory, edge_mb: 0, free: row.busy ? 0 : 1 })) : [];
  return rowsOf({ schema: 1, rows: raw }) ?? [];
}

// The recorded table: stage, clients, requests/s, p50, p99, errors, MB of the app, MB of Nginx.
function rowsOfTable(table) {
  const rows = new Map();
  for (const line of table.tBodies[0].rows) {
    const cells = [...line.cells].map((cell) => cell.textContent.trim());
    const lab = Object.keys(STAGES).find((name) => STAGES[name] === cells[0]);
    const clients = Object.keys(CLIENTS).find((name) => CLIENTS[name] === cells[1]);
    const [throughput, p50, p99, errors, app, edge] = cells.slice(2).map((text) => Number(text) || 0);
    const row = rows.get(lab) ?? rows.set(lab, { lab, memory: app + edge }).get(lab);
    row[clients] = { throughput, p50, p99, errors };
  }
  return [...rows.values()];
}

function bars(recorded, mine, name, here) {
  const [words, better, value] = MEASURES[name];
  const sources = [["recorded", recorded], ["yours", mine]];
  const clients = name === "memory" ? ["beside"] : ["alone", "beside"];
  const every = sources.flatMap(([, rows]) => rows.flatMap((row) => clients.map((who) => value(row, row[who]))));
  const longest = Math.max(...every, 1e-9);
  const stages = Object.keys(STAGES).map((lab) => {
    const lines = sources.flatMap(([source, rows]) =>
      rows.filter((row) => row.lab === lab).flatMap((row) => clients.map((who) => bar(row, source, who, value(row, row[who]), longest, name))),
    );
    const current = here && lab.startsWith(here);
    return make("li", { class: current ? "here" : undefined }, make("strong", {}, STAGES[lab]), make("ul", {}, ...lines));
  });
  return [make("p", { class: "what" }, `${words}; ${better}.`), make("ol", {}, ...stages)];
}

function bar(row, source, who, number, longest, name) {
  const words = name === "memory" ? source : `${source}, ${CLIENTS[who]}`;
  const length = make("span", { class: "bar", "aria-hidden": "true" });
  length.style.width = `${((100 * number) / longest).toFixed(1)}%`;
  const shown = number.toLocaleString("en", { maximumFractionDigits: 1 });
  return make(
    "li",
    { class: `${source === "yours" ? "yours" : "recorded"} ${who}` },
    make("span", { class: "words" }, row.busy ? `${words} (busy machine)` : words),
    make("span", { class: "number" }, shown),
    make("span", { class: "track" }, length),
  );
}
