// Brings the interactive parts of a page to life. Each stands on the page as plain HTML that can be read without this;
// its module is fetched only where the page has one. docs/instructors/writing.md says how they are written.
const PARTS = {
  body: "./names.js",
  ".highlight:not(.output)": "./copy.js",
  "details.predict": "./predict.js",
  "details.myth": "./myth.js",
  "details.recall": "./recall.js",
  ".course-guesses": "./guesses.js",
  ".course-progress": "./progress.js",
  ".course-live": "./live.js",
  ".course-ladder": "./ladder.js",
  ".course-incidents": "./incidents.js",
  ".course-modes": "./modes.js",
  ".course-stack": "./stack.js",
  ".course-simulator": "./simulator.js",
  ".course-trace": "./trace.js",
};

// A Docker network that comes or goes makes Chromium drop what it is loading (ERR_NETWORK_CHANGED), and here stacks come
// and go. A module that was dropped cannot be asked for again on the same page: so the page is loaded again, once.
function again(trouble) {
  const [visit] = performance.getEntriesByType("navigation");
  if (visit?.type === "reload") throw trouble;
  location.reload();
}

for (const [selector, module] of Object.entries(PARTS)) {
  const elements = [...document.querySelectorAll(selector)];
  if (elements.length) {
    import(module).then((part) => part.start(elements), again);
  }
}
