// What the reader did so far, a line a page, and the way to carry it to another browser.
import { make } from "./dom.js";
import { carry } from "./carry.js";
import { ROOT, all, onChange } from "./store.js";

export function start(places) {
  for (const place of places) {
    const table = make("div", { class: "so-far" });
    place.replaceChildren(table, ...carry());
    const show = () => table.replaceChildren(drawn(pagesOf(all())));
    onChange(show);
    show();
  }
}

/** What was done on each page, by its place below the site's address. It may come from a file of somebody else's. */
function pagesOf(kept) {
  const pages = new Map();
  const line = (page) => pages.get(page) ?? pages.set(page, { guesses: [], myths: [], recall: [], checks: [] }).get(page);
  for (const [page, guesses] of Object.entries(kept.guesses ?? {})) line(page).guesses = Object.values(guesses ?? {});
  for (const [page, myths] of Object.entries(kept.myths ?? {})) line(page).myths = Object.values(myths ?? {});
  for (const card of Object.values(kept.recall ?? {})) if (typeof card?.page === "string") line(card.page).recall.push(card);
  for (const [lab, report] of Object.entries(kept.reports ?? {})) {
    if (Array.isArray(report?.results)) line(`labs/${lab}/`).checks = report.results;
  }
  return [...pages].sort(([one], [other]) => one.localeCompare(other));
}

function drawn(pages) {
  if (!pages.length) return make("p", {}, "Nothing yet. What you guess, recall and check is kept in this browser, and nowhere else.");
  const head = ["Page", "Predicted", "Recalled", "Myths", "Checks"].map((word) => make("th", { scope: "col" }, word));
  const count = (list, good, words) => make("td", {}, list.length ? `${list.filter(good).length} of ${list.length} ${words}` : "–");
  const rows = pages.map(([page, done]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, linkTo(page)),
      count(done.guesses, (guess) => guess?.good === true, "close"),
      count(done.recall, (card) => card.right === true, "right"),
      make("td", {}, done.myths.length ? `${done.myths.length} opened` : "–"),
      count(done.checks, (result) => result?.outcome === "pass", "green"),
    ),
  );
  return make("table", { class: "kept" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

/** The page's name in the navigation, and a link to it. Whatever is kept, it leads to this site. */
function linkTo(page) {
  const address = new URL(ROOT);
  address.pathname += page;
  const known = [...document.querySelectorAll("a.md-nav__link[href]")].find((link) => link.href.replace(/#.*/, "") === address.href);
  const name = known?.textContent.trim().replace(/\s+/g, " ") || page.replace(/\/$/, "");
  return make("a", { href: address.href }, name);
}
