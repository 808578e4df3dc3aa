// How a result is put into words and elements. Texts become text, never markup.
import { make } from "./dom.js";
import { clean } from "./live-report.js";
import { ROOT } from "./store.js";

export const MARKS = { pass: "✓", fail: "✗", skip: "–", unknown: "?", asked: "…" };
export const WORDS = { pass: "passes", fail: "fails", skip: "not asked", unknown: "cannot tell", asked: "being asked" };
const PAGE = /^[a-z0-9-]+(\/[a-z0-9-]+)*\/#[a-z0-9.-]+$/;

// `text` with what stands in backticks as code.
export function rich(kind, text) {
  const parts = clean(text).split("`");
  const paired = parts.length % 2 === 1;
  const nodes = parts.map((part, number) => (paired && number % 2 ? make("code", {}, part) : part));
  return make("span", kind ? { class: kind } : {}, ...(paired ? nodes : [clean(text)]));
}

export function mark(outcome) {
  return make("span", { class: "live-mark", "aria-hidden": "true" }, MARKS[outcome]);
}

export function moment(at) {
  const when = new Date(at * 1000);
  const today = when.toDateString() === new Date().toDateString();
  return today ? `at ${when.toLocaleTimeString()}` : `on ${when.toLocaleString()}`;
}

export function took(result) {
  return result.seconds ? `${result.seconds.toFixed(1)} s, ${moment(result.at)}` : moment(result.at);
}

// Where a check is taught: on this page, or on another one of the site; "" for what is no such place.
export function placeOf(result) {
  if (document.getElementById(result.id)) return `#${result.id}`;
  return PAGE.test(result.page) ? new URL(result.page, ROOT).href : "";
}

// Whether a check of a run that goes on is still to be judged.
export function isOpen(workspace, id) {
  return workspace.running && workspace.asked.includes(id) && !isJudged(workspace, id);
}

export function isJudged(workspace, id) {
  const result = workspace.results[id];
  return Boolean(result && result.at >= workspace.began);
}
