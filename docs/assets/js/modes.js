// The ways to learn this lab: the links stand on the page; this adds which were done, as far as a page can know.
import { make } from "./dom.js";
import { PAGE, get, onChange, set } from "./store.js";

export function start(places) {
  for (const place of places) {
    const links = [...place.querySelectorAll("a")];
    for (const link of links) link.addEventListener("click", () => set(`opened.${PAGE}.${modeOf(link)}`, true));
    const show = () => links.forEach((link) => mark(link, stateOf(modeOf(link), place.dataset.lab)));
    onChange(show);
    show();
  }
}

const modeOf = (link) => link.textContent.replace(/,.*/, "").trim().toLowerCase().replaceAll(" ", "-");

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
  if (state) link.append(make("span", { class: "said" }, `, ${state}`));
}
