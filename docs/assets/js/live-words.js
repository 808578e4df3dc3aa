// How a result is put into words and elements. Texts become text, never markup.
import { clean } from "./live-report.js";

export const MARKS = { pass: "✓", fail: "✗", skip: "–", unknown: "?", asked: "…" };
export const WORDS = { pass: "passes", fail: "fails", skip: "not asked", unknown: "cannot tell", asked: "being asked" };
const SITE = new URL("../../", import.meta.url);
const PAGE = /^[a-z0-9-]+(\/[a-z0-9-]+)*\/#[a-z0-9.-]+$/;

export function make(tag, kind = "", ...children) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.append(...children);
  return element;
}

// `text` with what stands in backticks as code.
export function rich(kind, text) {
  const parts = clean(text).split("`");
  const paired = parts.length % 2 === 1;
  const nodes = parts.map((part, number) => (paired && number % 2 ? make("code", "", part) : part));
  return make("span", kind, ...(paired ? nodes : [clean(text)]));
}

export function mark(outcome) {
  const shown = make("span", "live-mark", MARKS[outcome]);
  shown.setAttribute("aria-hidden", "true");
  return shown;
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
  return PAGE.test(result.page) ? new URL(result.page, SITE).href : "";
}

// Whether a check of a run that goes on is still to be judged.
export function isOpen(workspace, id) {
  return workspace.running && workspace.asked.includes(id) && !isJudged(workspace, id);
}

export function isJudged(workspace, id) {
  const result = workspace.results[id];
  return Boolean(result && result.at >= workspace.began);
}
