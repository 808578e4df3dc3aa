// What `grader serve` knows of the reader's own files beside the checks: the incidents, and the ladder.
import { rowsOf } from "./ladder-file.js";
import { served } from "./served.js";
import { ROOT, set } from "./store.js";

/** Puts them into the store, where the parts read them; nothing happens where nobody serves the pages. */
export async function takeRecords() {
  if (!served) return;
  const answer = await fetch(new URL("-/records", ROOT));
  if (!answer.ok) return;
  const { incidents, ladder } = await answer.json();
  if (incidents) set("incidents", incidents);
  const rows = rowsOf(ladder);
  if (rows?.length) set("ladder", rows);
}
