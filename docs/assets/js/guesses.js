// At the end of a page: what the reader guessed on it, beside what was measured.
import { make } from "./dom.js";
import { PAGE, get, onChange } from "./store.js";

/** Fills each place with this page's guesses, and again whenever one is made. */
export function start(places) {
  const show = () => places.forEach(fill);
  onChange(show);
  show();
}

function fill(place) {
  const guesses = Object.values(get(`guesses.${PAGE}`, {}));
  if (!guesses.length) {
    place.replaceChildren(make("p", {}, "You have made no guess on this page yet."));
    return;
  }
  const rows = guesses.map((guess) =>
    make("tr", { class: guess.good ? "good" : "off" }, make("td", {}, guess.question), make("td", {}, guess.said), make("td", {}, guess.right)),
  );
  const head = make("tr", {}, ...["Question", "You said", "Measured"].map((word) => make("th", { scope: "col" }, word)));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
  place.replaceChildren(make("div", { class: "md-typeset__scrollwrap" }, make("div", { class: "md-typeset__table" }, table)));
}
