// The state of each check beside the paragraph that teaches it: the boxes that `grader docs` writes, by their ids.
import { make } from "./dom.js";
import { WORDS, isOpen, mark, rich, took } from "./live-words.js";

const rows = new Map(); // by the id of the check: its element, and what it shows

export function showRows(workspace) {
  for (const box of document.querySelectorAll(".check[id]")) showRow(box, workspace);
}

function showRow(box, workspace) {
  const result = workspace?.results[box.id];
  const outcome = !workspace ? "" : isOpen(workspace, box.id) ? "asked" : (result?.outcome ?? "");
  const before = rows.get(box.id);
  const said = JSON.stringify([outcome, result]);
  if (before?.said === said) return;
  if (!outcome) {
    before?.row.remove();
    rows.delete(box.id);
    return;
  }
  const row = before?.row ?? place(box);
  row.dataset.outcome = outcome;
  row.dataset.at = result?.at ?? "";
  row.replaceChildren(...parts(outcome, result));
  rows.set(box.id, { row, said });
}

function parts(outcome, result) {
  const head = make("p", { class: "live-verdict" }, mark(outcome), make("strong", {}, WORDS[outcome]));
  if (outcome === "asked" || !result) return [head];
  head.append(make("span", { class: "live-time" }, took(result)));
  const lines = [head];
  if (result.because) lines.push(make("p", { class: "live-because" }, rich("", result.because)));
  if (outcome !== "pass" && result.hint) {
    lines.push(make("p", { class: "live-hint" }, make("strong", {}, "Look: "), rich("", result.hint)));
  }
  return lines;
}

function place(box) {
  const row = make("div", { class: "live-row" });
  const id = box.querySelector(":scope > p:nth-of-type(2)");
  id ? id.after(row) : box.prepend(row);
  return row;
}
