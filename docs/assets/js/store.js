// What the reader did, kept in this browser under one key, so that one file can carry all of it elsewhere.
const KEY = "course";
const listeners = new Set();
let refused = null; // what the browser would not keep: a private window, a full disk, a policy. It lasts as long as the page

function read() {
  if (refused) return refused;
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return isGroup(kept) ? kept : {};
  } catch {
    return {};
  }
}

function write(everything) {
  try {
    localStorage.setItem(KEY, JSON.stringify(everything));
    refused = null;
  } catch {
    refused = everything;
  }
  tell();
}

function isGroup(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function tell() {
  for (const listener of listeners) listener();
}

/** What is kept at a path such as `reports.lab1-flask-run`, or `otherwise`. */
export function get(path, otherwise = undefined) {
  let found = read();
  for (const name of path.split(".")) {
    if (!isGroup(found) || !Object.hasOwn(found, name)) return otherwise;
    found = found[name];
  }
  return found;
}

/** Keeps a value that JSON can say; `undefined` forgets what was there. */
export function set(path, value) {
  const everything = read();
  const names = path.split(".");
  const last = names.pop();
  let place = everything;
  for (const name of names) {
    if (!Object.hasOwn(place, name) || !isGroup(place[name])) place[name] = {};
    place = place[name];
  }
  if (value === undefined) delete place[last];
  else place[last] = value;
  write(everything);
}

/** Everything, to be carried elsewhere; and the other way, in the place of all that is there. */
export const all = read;
export const replaceAll = write;

/** Calls `listener` after every change, in other tabs too. */
export function onChange(listener) {
  listeners.add(listener);
}

addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) tell();
});

/** The address of the site's first page, wherever it is served; and this page's place below it, such as `labs/lab1/`. */
export const ROOT = new URL("../../", import.meta.url);
export const PAGE = location.pathname.slice(ROOT.pathname.length).replace(/index\.html$/, "");

/** A name for a question that stays while its words do. It has no dot, so it can be part of a path. */
export function nameOf(text) {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
}
