// The worker simulator: controls around the model in queue-model.js, what comes out, and a picture of it.
import { make } from "./dom.js";
import { MEASURED } from "./measured.js";
import { arrivals, memory, simulate, summary } from "./queue-model.js";
import { picture } from "./queue-picture.js";

const LASTS = 60; // seconds in which visitors arrive
const SPOKEN_AFTER = 500; // milliseconds without a change before the summary is read out

const CONTROLS = [
  { name: "workers", label: "Workers", min: 1, max: 8, step: 1 },
  { name: "threads", label: "Threads in each worker", min: 1, max: 8, step: 1 },
  { name: "rate", label: "Visitors per second", min: 1, max: 20, step: 1 },
  { name: "mean", label: "Work for one request", min: 0.1, max: 2, step: 0.1, unit: "s" },
  { name: "slow", label: "Slow clients per minute", min: 0, max: 60, step: 5 },
  { name: "hold", label: "A slow client sends for", min: 1, max: 20, step: 1, unit: "s" },
];
const PROXY = "Nginx in front, which collects a request before it passes it on";

// The same visitors each time, so that only the server differs.
const VISITORS = { rate: 6, mean: 0.4, slow: 0, hold: 5, buffered: false };
const PRESETS = {
  "One worker": { ...VISITORS, workers: 1, threads: 1 },
  "Four workers": { ...VISITORS, workers: 4, threads: 1 },
  "4 × 8 threads": { ...VISITORS, workers: 4, threads: 8 },
  "Slow clients": { ...VISITORS, workers: 4, threads: 1, slow: 30 },
  "… behind Nginx": { ...VISITORS, workers: 4, threads: 1, slow: 30, buffered: true },
};

export function start(elements) {
  elements.forEach(build);
}

function build(element, index) {
  const chosen = { ...PRESETS["Four workers"] };
  const inputs = Object.fromEntries(CONTROLS.map((control) => [control.name, slider(control, index)]));
  const proxy = make("input", { type: "checkbox", id: `simulator-${index}-proxy` });
  const presets = Object.entries(PRESETS).map(([title, values]) => preset(title, values));
  const results = make("dl", { class: "results" });
  const drawing = make("figure");
  const spoken = make("p", { class: "spoken", role: "status" });
  let speaking;

  function preset(title, values) {
    const button = make("button", { type: "button" }, title);
    button.addEventListener("click", () => show({ ...values }));
    return { button, values };
  }

  function show(values) {
    Object.assign(chosen, values);
    for (const control of CONTROLS) inputs[control.name].set(chosen[control.name]);
    proxy.checked = chosen.buffered;
    for (const { button, values: its } of presets) button.setAttribute("aria-pressed", String(same(its, chosen)));
    const served = serve(chosen);
    const said = summary(served);
    const megabytes = memory(chosen, MEASURED.memory);
    results.replaceChildren(...tiles(said, megabytes));
    const width = Math.max(280, drawing.clientWidth);
    drawing.replaceChildren(picture(served, chosen, LASTS, inWords(chosen, said, megabytes), width), legend());
    clearTimeout(speaking);
    speaking = setTimeout(() => (spoken.textContent = inWords(chosen, said, megabytes)), SPOKEN_AFTER);
  }

  for (const control of CONTROLS) {
    inputs[control.name].input.addEventListener("input", (event) => show({ [control.name]: Number(event.target.value) }));
  }
  proxy.addEventListener("change", () => show({ buffered: proxy.checked }));

  const first = make("div", { class: "presets", role: "group", "aria-label": "Begin with" });
  first.append(...presets.map(({ button }) => button));
  const front = make("label", { class: "proxy" }, PROXY);
  front.prepend(proxy);
  const controls = make("div", { class: "controls", role: "group", "aria-label": "What is simulated" });
  controls.append(...CONTROLS.map((control) => inputs[control.name].row), front);
  element.replaceChildren(first, controls, results, drawing, spoken);
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", "Worker simulator");
  show(chosen);
  let drawn = drawing.clientWidth;
  new ResizeObserver(() => {
    if (drawing.clientWidth === drawn) return;
    drawn = drawing.clientWidth;
    show({});
  }).observe(drawing);
}

function serve({ workers, threads, rate, mean, slow, hold, buffered }) {
  const requests = arrivals({ rate, mean, lasts: LASTS, slowRate: slow / 60, hold });
  return simulate(requests, { workers, threads, buffered, ...MEASURED });
}

function slider({ name, label, unit, ...range }, index) {
  const id = `simulator-${index}-${name}`;
  const input = make("input", { type: "range", id, name, ...range });
  const value = make("span", { class: "value", "aria-hidden": "true" }); // aria-valuetext says it
  const row = make("div", { class: "control" });
  row.append(make("label", { for: id }, label), value, input);
  const set = (number) => {
    input.value = String(number);
    value.textContent = unit ? `${number} ${unit}` : String(number);
    input.setAttribute("aria-valuetext", value.textContent);
  };
  return { row, input, set };
}

function tiles(said, megabytes) {
  const values = [
    ["half wait at most", seconds(said.p50), "p50"],
    ["95 of 100 wait at most", seconds(said.p95), "p95"],
    ["99 of 100 wait at most", seconds(said.p99), "p99"],
    ["answered per second", said.throughput.toFixed(1), "throughput"],
    ["longest queue", String(said.waiting), "queue"],
    ["got no answer", String(said.errors), "errors"],
    ["memory", `${Math.round(megabytes)} MB`, "memory"],
  ];
  return values.map(([name, value, key]) => {
    const tile = make("div", { "data-result": key });
    if (key === "errors" && said.errors) tile.classList.add("bad");
    tile.append(make("dt", {}, name), make("dd", {}, value));
    return tile;
  });
}

function inWords({ workers, threads, buffered }, said, megabytes) {
  const kind = threads > 1 ? ` with ${threads} threads each` : "";
  const server = `${workers} ${workers > 1 ? "workers" : "worker"}${kind}${buffered ? " behind Nginx" : ""}`;
  const errors = said.errors ? `${said.errors} requests got no answer.` : "All got an answer.";
  return (
    `${server}: half of the visitors wait ${seconds(said.p50)} at most, 95 of 100 wait ${seconds(said.p95)} at most. ` +
    `At most ${said.waiting} waited in the queue. ${errors} About ${Math.round(megabytes)} MB of memory.`
  );
}

function legend() {
  const kinds = { work: "works", held: "held by a slow client", lost: "killed, and started anew" };
  const caption = make("figcaption");
  for (const [kind, words] of Object.entries(kinds)) {
    const entry = make("span", {}, words);
    entry.prepend(make("span", { class: `swatch ${kind}`, "aria-hidden": "true" }));
    caption.append(entry);
  }
  return caption;
}

function seconds(value) {
  return value < 9.95 ? `${value.toFixed(2)} s` : `${Math.round(value)} s`;
}

function same(one, other) {
  return Object.keys(one).every((name) => one[name] === other[name]);
}
