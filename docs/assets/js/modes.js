// The ways to learn this lab: the links stand on the page; this adds which were done, as far as a page can know.
import { make } from "./dom.js";
import { PAGE, get, nameOf, onChange, set } from "./store.js";

export function start(places) {
  for (const place of places) {
    const modes = [...place.querySelectorAll("a")].map((link) => [link, nameOf(link.textContent)]);
    for (const [link, mode] of modes) link.addEventListener("click", () => set(`opened.${PAGE}.${mode}`, true));
    const show = () => modes.forEach(([link, mode]) => mark(link, stateOf(mode, place.dataset.lab)));
    onChange(show);
    show();
  }
}

/** "done" where something proves it; "opened" where a page can know no more; "" otherwise. */
function stateOf(mode, lab) {
  const done = {
    predict: () => Object.keys(get(`guesses.${PAGE}`, {})).length > 0,
    recall: () => Object.values(get("recall", {})).some((card) => card?.page === PAGE),
    build: () => isGreen(get(`reports.${lab}`)),
  }[mode];
  if (done?.()) return "done";
  return !done && get(`opened.${PAGE}.${mode}`) ? "opened" : "";
}

function isGreen(report) {
  const results = Array.isArray(report?.results) ? report.results : [];
  return results.some((result) => result?.outcome === "pass") && !results.some((result) => ["fail", "unknown"].includes(result?.outcome));
}

function mark(link, state) {
  link.dataset.state = state;
  link.querySelector(".said")?.remove();
  if (state) link.append(make("span", { class: "said" }, ` (${state})`));
}
