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
  const guesses = Object.values(get(`guesses.${PAGE}`, {})).filter((guess) => typeof guess?.said === "string");
  if (!guesses.length) {
    place.replaceChildren(make("p", {}, "You have made no guess on this page yet."));
    return;
  }
  const rows = guesses.map((guess) =>
    make("tr", { class: guess.good ? "good" : "off" }, ...[guess.question, guess.said, guess.right].map((text) => make("td", {}, text))),
  );
  const head = make("tr", {}, ...["Question", "You said", "Measured"].map((word) => make("th", { scope: "col" }, word)));
  place.replaceChildren(make("table", { class: "kept" }, make("thead", {}, head), make("tbody", {}, ...rows)));
}
