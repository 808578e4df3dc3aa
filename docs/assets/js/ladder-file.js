// The learner's ladder: a file that `grader measure` wrote, read and checked. It is somebody's text, shown as text only.
const LARGEST = 500_000; // bytes
const SCHEMA = 1;
const QUIET = 0.8; // as in grader/ladder.py: less of the machine was free, and the row is marked
const HOW = "Choose work/.grader/ladder.json, which `grader measure` writes.";
export const STAGES = { "lab1-flask-run": "flask run", "lab2-gunicorn": "Gunicorn", "lab3-nginx": "Gunicorn + Nginx" };

/** The ladder in a file: the last row of each lab. An Error says what is wrong with the file, and what to do. */
export async function readLadder(file) {
  const name = file.name.replace(/[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}]/gu, "").slice(0, 80);
  if (file.size > LARGEST) throw new Error(`${name} is too large for a ladder. ${HOW}`);
  let ladder;
  try {
    ladder = JSON.parse(await file.text());
  } catch {
    throw new Error(`${name} is not JSON. ${HOW}`);
  }
  const rows = rowsOf(ladder);
  if (!rows) throw new Error(`${name} is no ladder of the grader. ${HOW}`);
  if (!rows.length) throw new Error(`Nothing was measured yet in ${name}. Run \`grader measure lab1\` first.`);
  return rows;
}

/** The last row of each lab in the order of the course; undefined where this is no ladder. */
export function rowsOf(ladder) {
  if (ladder?.schema !== SCHEMA || !Array.isArray(ladder.rows) || !ladder.rows.every(isRow)) return undefined;
  const last = new Map(ladder.rows.map((row) => [row.lab, row]));
  return Object.keys(STAGES).filter((lab) => last.has(lab)).map((lab) => lined(last.get(lab)));
}

// Only what is shown is kept.
function lined(row) {
  return {
    lab: row.lab,
    at: row.at,
    busy: row.free < QUIET,
    alone: row.alone,
    beside: row.beside,
    memory: row.app_mb + row.edge_mb,
  };
}

function isRow(row) {
  return (
    Object.hasOwn(STAGES, row?.lab) &&
    !Number.isNaN(Date.parse(row.at)) &&
    [row.app_mb, row.edge_mb, row.free].every(isNumber) &&
    [row.alone, row.beside].every((got) => [got?.throughput, got?.p50, got?.p99, got?.errors].every(isNumber))
  );
}

function isNumber(value) {
  return Number.isFinite(value) && value >= 0;
}
