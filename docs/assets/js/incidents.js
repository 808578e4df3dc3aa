// The reader's incidents: which were solved, and how long the cause took to find.
import { make } from "./dom.js";
import { takeRecords } from "./records.js";
import { get, onChange } from "./store.js";

const WORDS = ["Incident", "Lab", "Came to", "Hints"];

/** Fills each place with the incidents that are known; without any it keeps the words that it has. */
export function start(places) {
  const written = new Map(places.map((place) => [place, [...place.childNodes]]));
  const show = () => {
    const records = known();
    for (const place of places) place.replaceChildren(...(records.length ? [table(records)] : written.get(place)));
  };
  onChange(show);
  show();
  takeRecords();
}

// They may have come in a file: what is no record is left out.
function known() {
  const kept = get("incidents", []);
  return Array.isArray(kept) ? kept.filter((record) => Number.isInteger(record?.number) && typeof record.lab === "string") : [];
}

function table(records) {
  const rows = records.map((record) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, String(record.number)),
      make("td", {}, record.lab),
      make("td", {}, outcome(record)),
      make("td", {}, String(Number(record.hints) || 0)),
    ),
  );
  const head = make("tr", {}, ...WORDS.map((word) => make("th", { scope: "col" }, word)));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}

function outcome({ started, solved, revealed, ended }) {
  if (solved) return `solved after ${minutes(solved - started)}`;
  if (revealed) return `given up after ${minutes(revealed - started)}`;
  return ended ? "ended without a solution" : "open";
}

function minutes(seconds) {
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
