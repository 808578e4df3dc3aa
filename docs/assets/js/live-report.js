// A report file, read and checked. What is in it is somebody's text: it is only ever shown as text.
const LARGEST = 2_000_000; // bytes
const OUTCOMES = new Set(["pass", "fail", "skip", "unknown"]);
const TEXTS = ["id", "title", "lab", "step", "reason", "because", "hint", "page"];
const ID = /^[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*$/;
const LAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const HOW = "Write one with: grader check --format json --output report.json";

// The report in a file; an Error says what is wrong with it, and what to do.
export async function readReport(file, lab) {
  if (file.size > LARGEST) throw new Error(`${clean(file.name)} is too large for a report. ${HOW}`);
  let report;
  try {
    report = JSON.parse(await file.text());
  } catch {
    throw new Error(`${clean(file.name)} is not JSON. ${HOW}`);
  }
  const wrong = trouble(report);
  if (wrong) throw new Error(`${clean(file.name)} is not a report of the grader: ${wrong}. ${HOW}`);
  if (lab && report.lab !== lab) {
    throw new Error(`${clean(file.name)} is a report of ${report.lab}, and this is the page of ${lab}.`);
  }
  return report;
}

// What keeps a value from being a report; "" when nothing does.
export function trouble(report) {
  if (report === null || typeof report !== "object" || Array.isArray(report)) return "it is no object";
  if (report.schema !== 1) return `its schema is ${clean(String(report.schema))}, and this page reads 1`;
  if (typeof report.lab !== "string" || !LAB.test(report.lab)) return "it names no lab";
  if (Number.isNaN(Date.parse(report.started))) return "it does not say when it began";
  if (typeof report.stack !== "string") return "it names no stack";
  if (![...OUTCOMES].every((word) => Number.isInteger(report.counts?.[word]))) return "its counts are missing";
  if (!Array.isArray(report.results)) return "it has no results";
  const odd = report.results.findIndex((result) => !isResult(result));
  return odd < 0 ? "" : `result ${odd + 1} is not of the form of one`;
}

function isResult(result) {
  return (
    TEXTS.every((name) => typeof result?.[name] === "string") &&
    ID.test(result.id) &&
    OUTCOMES.has(result.outcome) &&
    Number.isFinite(result.seconds)
  );
}

// One line without control, format (bidi, zero width), private or unassigned characters.
export function clean(text, limit = 2000) {
  const line = text.replace(/\s+/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}]/gu, "");
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
