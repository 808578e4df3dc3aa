// The followed request, one place after the other: shows the step, and where in the picture it is. The steps are the
// headings with a data-place on the page, and what stands below each.
import { make } from "./dom.js";

const KEYS = { ArrowRight: 1, ArrowLeft: -1 };

export function start(elements) {
  elements.forEach(build);
}

function build(element) {
  const steps = [...element.querySelectorAll("[data-place]:is(h3)")].map((heading) => step(element, heading));
  const drawing = element.querySelector("svg");
  const back = make("button", { type: "button" }, "Back");
  const next = make("button", { type: "button", class: "next" }, "Next");
  const where = make("p", { class: "where-now", role: "status" });
  let current = -1;

  function show(number, { focus = false } = {}) {
    current = Math.min(steps.length - 1, Math.max(0, number));
    steps.forEach(({ body }, index) => (body.hidden = index !== current));
    const { title, place } = steps[current];
    for (const part of drawing.querySelectorAll("[data-at]")) {
      part.classList.toggle("here", part.dataset.at.split(" ").includes(place));
    }
    where.textContent = `Step ${current + 1} of ${steps.length}: ${title}`;
    back.setAttribute("aria-disabled", String(current === 0));
    next.setAttribute("aria-disabled", String(current === steps.length - 1));
    if (focus) steps[current].heading.focus();
  }

  back.addEventListener("click", () => show(current - 1));
  next.addEventListener("click", () => show(current + 1));
  element.addEventListener("keydown", (event) => {
    const inText = event.target.closest("pre, .tabbed-set, table"); // the arrows scroll there
    if (!(event.key in KEYS) || inText || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(current + KEYS[event.key]);
  });
  // A link to a step, also from the table of contents.
  const followed = () => {
    const number = steps.findIndex(({ heading }) => `#${heading.id}` === location.hash);
    if (number < 0) return;
    show(number, { focus: true });
    steps[number].heading.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", followed);

  const bar = make("div", { class: "steps", role: "group", "aria-label": "Steps of the request" });
  bar.append(back, where, next);
  steps[0].body.before(bar);
  element.classList.add("live");
  show(0);
  followed();
}

/** Puts a heading and what stands below it, up to the next heading, into a box of its own. */
function step(element, heading) {
  const body = make("section", { class: "step" });
  heading.before(body);
  let following = heading;
  while (following && (following === heading || !following.matches("[data-place]:is(h3)"))) {
    const after = following.nextElementSibling;
    body.append(following);
    following = after;
  }
  heading.tabIndex = -1;
  const link = heading.querySelector(".headerlink");
  const title = heading.textContent.replace(link?.textContent ?? "", "").trim();
  return { heading, body, title, place: heading.dataset.place };
}
