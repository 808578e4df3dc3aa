// Progress as one file: saved here, loaded in another browser, or forgotten.
import { make } from "./dom.js";
import { all, replaceAll } from "./store.js";

const FORM = 1; // of the file
const LARGEST = 4_000_000; // bytes; a browser keeps about five million
const CHOOSE = "Choose the file that “Save to a file” made.";

/** The buttons, and the line in which they answer. */
export function carry() {
  const said = make("p", { class: "verdict", role: "status" });
  const save = make("button", { type: "button", onclick: saved }, "Save to a file");
  const file = make("input", { type: "file", accept: "application/json,.json", class: "file", "aria-label": "Load from a file" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (chosen) said.textContent = await loaded(chosen);
    file.value = "";
  });
  const load = make("label", { class: "load" }, file, "Load from a file");
  let sure = false;
  const forget = make("button", { type: "button" }, "Forget everything");
  forget.addEventListener("click", () => {
    if (sure) replaceAll({});
    said.textContent = sure ? "Forgotten." : "Press once more to forget everything that is kept here.";
    sure = !sure;
  });
  forget.addEventListener("blur", () => {
    sure = false;
  });
  return [make("div", { class: "buttons" }, save, load, forget), said];
}

function saved() {
  const text = JSON.stringify({ course: FORM, saved: new Date().toISOString(), kept: all() }, null, 1);
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: address, download: "course-progress.json" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may still be reading it
}

/** Takes a file in the place of what is kept, and says what came of it. */
async function loaded(file) {
  if (file.size > LARGEST) return `${file.name} is too large to be progress of this course. ${CHOOSE}`;
  let read;
  try {
    read = JSON.parse(await file.text());
  } catch {
    return `${file.name} is not JSON. ${CHOOSE}`;
  }
  const kept = read?.course === FORM ? read.kept : null;
  const whole = isGroup(kept) && Object.values(kept).every(isGroup);
  if (!whole) return `${file.name} holds no progress of this course. ${CHOOSE}`;
  replaceAll(kept);
  return `Loaded from ${file.name}.`;
}

function isGroup(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
