// Draws a run of the model: above, how many requests wait; below, a row for each worker or thread and what it does.
import { waiting } from "./queue-model.js";

const SPACE = "http://www.w3.org/2000/svg";
const LEFT = 64; // names of the rows
const QUEUE = { top: 22, height: 64 };
const ROWS_TOP = QUEUE.top + QUEUE.height + 30;
const ROWS_HEIGHT = 150;
const BOTTOM = 26; // the axis of time

/** An SVG element, `width` pixels wide; `words` are its text alternative. `lasts`: how many seconds are shown. */
export function picture(served, { workers, threads }, lasts, words, width) {
  const height = ROWS_TOP + ROWS_HEIGHT + BOTTOM;
  const svg = make("svg", { class: "queue", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words });
  const x = (at) => LEFT + (Math.min(at, lasts) / lasts) * (width - LEFT - 8);
  svg.append(...queue(waiting(served), x, lasts));
  svg.append(...rows(served, workers, threads, x, lasts), ...axis(x, lasts, height));
  return svg;
}

function queue(steps, x, lasts) {
  const { top, height } = QUEUE;
  const shown = steps.filter(([at]) => at <= lasts);
  const highest = Math.max(0, ...shown.map(([, length]) => length));
  const scale = Math.max(4, highest);
  const y = (length) => round(top + height - (length / scale) * height);
  let path = `M${x(0)} ${y(0)}`;
  for (const [at, length] of shown) path += `H${round(x(at))}V${y(length)}`;
  path += `H${x(lasts)}V${y(0)}Z`;
  return [
    text("how many wait", LEFT, 12, "title"),
    text(String(scale), LEFT - 8, top + 10, "value"),
    text("0", LEFT - 8, top + height, "value"),
    make("path", { class: "waiting", d: path }),
    make("path", { class: "line", d: `M${LEFT} ${top + height}H${x(lasts)}` }),
  ];
}

function rows(served, workers, threads, x, lasts) {
  const count = workers * threads;
  const gap = ROWS_HEIGHT / count;
  const bar = Math.max(2, Math.min(22, gap * 0.78));
  const paths = { work: "", held: "", lost: "" };
  const block = (kind, row, from, until) => {
    if (until <= from || from >= lasts) return;
    const left = round(x(from));
    const width = round(Math.max(0.6, x(until) - x(from) - 0.4));
    paths[kind] += `M${left} ${round(ROWS_TOP + row * gap + (gap - bar) / 2)}h${width}v${round(bar)}h${-width}z`;
  };
  for (const request of served) {
    if (request.start === undefined) continue;
    const row = request.worker * threads + request.thread;
    const working = Math.min(request.end, request.start + request.held);
    block("held", row, request.start, working);
    block("work", row, working, request.end);
    block("lost", row, request.end, request.ok ? request.end : request.free);
  }
  const named = Array.from({ length: workers }, (_, worker) => {
    const middle = ROWS_TOP + (worker + 0.5) * gap * threads;
    return text(workers > 4 ? String(worker + 1) : `worker ${worker + 1}`, LEFT - 8, middle + 4, "value");
  });
  const lines = Array.from({ length: workers + 1 }, (_, worker) => {
    const y = round(ROWS_TOP + worker * gap * threads);
    return make("path", { class: "line", d: `M${LEFT} ${y}H${x(lasts)}` });
  });
  const title = text(threads > 1 ? "what each thread does" : "what each worker does", LEFT, ROWS_TOP - 10, "title");
  return [title, ...lines, ...named, ...Object.entries(paths).map(([kind, d]) => make("path", { class: kind, d }))];
}

function axis(x, lasts, height) {
  const ticks = [0, 1, 2, 3, 4].map((part) => (part * lasts) / 4);
  return ticks.map((at) => text(`${at} s`, x(at), height - 8, at === lasts ? "value" : at ? "middle" : "title"));
}

function text(words, x, y, kind) {
  const element = make("text", { x: round(x), y: round(y), class: kind });
  element.textContent = words;
  return element;
}

function make(tag, attributes) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function round(number) {
  return Math.round(number * 10) / 10;
}
