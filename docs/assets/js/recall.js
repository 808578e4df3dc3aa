// Recall: questions with choices. One that was missed comes back on later pages, first soon and then less often.
import { fresh, make } from "./dom.js";
import { choiceFields, parts } from "./question.js";
import { PAGE, get, nameOf, set } from "./store.js";

const DAYS = [0, 1, 3, 7]; // until a missed question comes back: on the next page, and after each right answer later
const DAY = 24 * 60 * 60 * 1000;
const AT_ONCE = 2; // old questions on one page
const BACK =
  "You missed this on an earlier page. Each right answer sends it away for longer: one day, three days, a week, for good.";

/** The questions of this page, and before the first of them what is due from other pages. */
export function start(boxes) {
  const due = Object.entries(get("recall", {})).filter(([, kept]) => isCard(kept) && kept.page !== PAGE && kept.due <= Date.now());
  boxes[0].before(...due.slice(0, AT_ONCE).map(([name, kept]) => returned(name, kept)));
  for (const box of boxes) {
    const { question, heading, choices, answer } = parts(box);
    if (choices.length) box.replaceWith(cardOf({ name: nameOf(question), page: PAGE, question, heading, choices, answer }));
  }
}

/** What was kept may come from a file of somebody else's. */
function isCard(kept) {
  const texts = [kept?.page, kept?.question, kept?.why].every((text) => typeof text === "string");
  return texts && Array.isArray(kept.choices) && kept.choices.every(([text]) => typeof text === "string");
}

/** A question from another page. What was kept of it is text, and stays text. */
function returned(name, { page, question, why, choices }) {
  return cardOf({
    name,
    page,
    question,
    heading: [question],
    choices: choices.map(([text, right]) => ({ nodes: [text], text, right: right === true })),
    answer: [make("p", {}, why)],
  });
}

function cardOf({ name, page, question, heading, choices, answer }) {
  const path = `recall.${name}`;
  const title = fresh("question");
  const verdict = make("p", { class: "verdict", role: "status" });
  const rest = make("div", { class: "answer", hidden: true }, ...answer);
  const fields = choiceFields(choices, (chosen) => {
    const right = choices.find((choice) => choice.right)?.text ?? "said below";
    verdict.textContent = chosen.right ? "Right." : `Not so. It is: ${right}. This question comes back on a later page.`;
    section.classList.add(chosen.right ? "good" : "off");
    rest.hidden = false;
    for (const input of section.querySelectorAll("input")) if (!input.checked) input.disabled = true;
    const why = rest.textContent.trim().replace(/\s+/g, " ");
    const kept = { page, question, why, choices: choices.map((choice) => [choice.text, choice.right]) };
    set(path, { ...kept, ...next(get(path), chosen.right) });
  });
  const again = page === PAGE ? [] : [make("p", { class: "again" }, BACK)];
  const section = make(
    "section",
    { class: "part recall", "aria-labelledby": title },
    make("p", { class: "kind" }, page === PAGE ? "Recall" : "Recall, again"),
    make("p", { class: "question", id: title }, ...heading),
    ...again,
    make("form", { onsubmit: (event) => event.preventDefault() }, make("fieldset", { "aria-labelledby": title }, ...fields)),
    verdict,
    rest,
  );
  return section;
}

/** Leitner's boxes: a miss goes back to the first one; a hit moves on, and after the last one the question rests. */
function next(earlier, right) {
  const missed = earlier?.due !== undefined;
  if (right && !missed) return { right };
  const box = right ? (earlier.box ?? 0) + 1 : 0;
  return box < DAYS.length ? { right, box, due: Date.now() + DAYS[box] * DAY } : { right };
}
