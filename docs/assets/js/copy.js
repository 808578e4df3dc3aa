import { make } from "./dom.js";

const SHOWN = 2000; // milliseconds in which a button says what it did

/** Puts a button into each block of code that copies it. All at once, and when the browser has nothing else to do. */
export function start(blocks) {
  const told = make("span", { class: "told", role: "status" });
  const later = globalThis.requestIdleCallback ?? setTimeout;
  later(() => {
    for (const block of blocks) {
      block.append(make("button", { type: "button", class: "copy", "aria-label": "Copy this block" }, "Copy"));
    }
    document.body.append(told);
  });
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest(".highlight > .copy");
    if (!button) return;
    const done = await copied(button.parentElement.querySelector("pre > code"));
    button.textContent = told.textContent = done ? "Copied" : "Selected: copy it";
    setTimeout(() => {
      button.textContent = "Copy";
      told.textContent = "";
    }, SHOWN);
  });
}

/** Whether the text is in the clipboard now. Where a page may not write there (no HTTPS), it is selected. */
async function copied(code) {
  try {
    await navigator.clipboard.writeText(code.textContent.trimEnd());
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return false;
  }
}
