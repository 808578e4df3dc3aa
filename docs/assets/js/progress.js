// What the reader did so far, a line a page, and the way to carry it to another browser.
import { fresh, make } from "./dom.js";
import { ROOT, all, onChange, replaceAll } from "./store.js";

const FORM = 1; // of the file
const SECTIONS = ["guesses", "myths", "recall", "reports", "incidents", "ladder"];

export function start(places) {
  for (const place of places) {
    const table = make("div", {});
    const said = make("p", { class: "verdict", role: "status" });
    place.replaceChildren(table, said, ...buttons(said));
    const show = () => table.replaceChildren(lines(all()));
    onChange(show);
    show();
  }
}

function lines(kept) {
  const pages = new Map();
  const line = (page) => pages.get(page) ?? pages.set(page, { guesses: 0, good: 0, myths: 0, recall: 0, right: 0, pass: 0, checks: 0 }).get(page);
  for (const [page, guesses] of Object.entries(kept.guesses ?? {})) {
    line(page).guesses = Object.keys(guesses).length;
    line(page).good = Object.values(guesses).filter((guess) => guess.good).length;
  }
  for (const [page, myths] of Object.entries(kept.myths ?? {})) line(page).myths = Object.keys(myths).length;
  for (const card of Object.values(kept.recall ?? {})) {
    line(card.page).recall += 1;
    line(card.page).right += card.right ? 1 : 0;
  }
  for (const [lab, report] of Object.entries(kept.reports ?? {})) {
    const results = report?.results ?? [];
    line(`labs/${lab}/`).checks = results.length;
    line(`labs/${lab}/`).pass = results.filter((result) => result.outcome === "pass").length;
  }
  if (!pages.size) return make("p", {}, "Nothing yet. What you guess, recall and check is kept in this browser, and nowhere else.");
  const head = ["Page", "Guesses", "Myths", "Recalled", "Checks"].map((word) => make("th", { scope: "col" }, word));
  const rows = [...pages].sort().map(([page, n]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("a", { href: new URL(page, ROOT).href }, page.replace(/^.*\/(?=[^/]+\/$)|\/$/g, "") || "home")),
      make("td", {}, n.guesses ? `${n.good} of ${n.guesses} good` : "–"),
      make("td", {}, n.myths ? `${n.myths} seen` : "–"),
      make("td", {}, n.recall ? `${n.right} of ${n.recall} right` : "–"),
      make("td", {}, n.checks ? `${n.pass} of ${n.checks} pass` : "–"),
    ),
  );
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

function buttons(said) {
  const file = make("input", { type: "file", accept: "application/json,.json", id: fresh("import"), class: "file" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (chosen) said.textContent = taken(await chosen.text(), chosen.name);
    file.value = "";
  });
  let sure = false;
  const forget = make("button", { type: "button", onclick: () => {
    if (sure) replaceAll({});
    said.textContent = sure ? "Forgotten." : "Press once more to forget everything that is kept here.";
    sure = !sure;
  } }, "Forget everything");
  const save = make("button", { type: "button", onclick: () => {
    const text = JSON.stringify({ course: FORM, saved: new Date().toISOString(), kept: all() }, null, 1);
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "course-progress.json" });
    link.click();
    URL.revokeObjectURL(link.href);
  } }, "Save to a file");
  const label = make("label", { for: file.id }, "Load from a file");
  return [make("div", { class: "buttons" }, save, make("span", { class: "load" }, label, file), forget)];
}

/** Takes the file's text in the place of what is kept, and says what came of it. */
function taken(text, name) {
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    return `${name} is not JSON. Choose the file that “Save to a file” made.`;
  }
  const kept = read?.course === FORM ? read.kept : undefined;
  const whole = kept && typeof kept === "object" && Object.keys(kept).every((key) => SECTIONS.includes(key));
  if (!whole) return `${name} holds no progress of this course. Choose the file that “Save to a file” made.`;
  replaceAll(kept);
  return `Loaded from ${name}.`;
}
