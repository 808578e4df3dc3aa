// The stack that grows: the stages of the course one at a time, with what is new in each marked.
import { make } from "./dom.js";

export function start(places) {
  for (const place of places) step(place);
}

function step(place) {
  const stages = [...place.querySelectorAll(":scope > figure")];
  let now = 0;
  const said = make("p", { class: "stage", "aria-live": "polite" });
  const back = make("button", { type: "button", onclick: () => go(now - 1) }, "← Previous");
  const on = make("button", { type: "button", onclick: () => go(now + 1) }, "Next →");
  const go = (wanted) => {
    now = Math.min(stages.length - 1, Math.max(0, wanted));
    stages.forEach((stage, number) => stage.classList.toggle("shown", number === now));
    said.textContent = `Stage ${now + 1} of ${stages.length}`;
    back.setAttribute("aria-disabled", String(now === 0)); // it keeps the focus, which `disabled` would lose
    on.setAttribute("aria-disabled", String(now === stages.length - 1));
  };
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "The stack, stage by stage");
  place.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && !event.altKey && !event.ctrlKey && !event.metaKey) go(now + by);
  });
  place.prepend(make("div", { class: "steps" }, back, said, on));
  place.classList.add("stepped");
  go(0);
}
