// Recall: questions with choices. One that was missed comes back on later pages, first soon and then less often.
import { fresh, make } from "./dom.js";
import { choiceFields, parts } from "./question.js";
import { PAGE, get, nameOf, set } from "./store.js";

const DAYS = [0, 1, 3, 7]; // until a missed question comes back: on the next page, then after so many days
const DAY = 24 * 60 * 60 * 1000;
const AT_ONCE = 2; // old questions on one page

/** The questions of this page, and before the first of them what is due from other pages. */
export function start(boxes) {
  const now = Date.now();
  const due = Object.entries(get("recall", {})).filter(([, card]) => card.page !== PAGE && card.due !== undefined && card.due <= now);
  const back = due.slice(0, AT_ONCE).map(([name, card]) => returned(name, card));
  if (back.length) boxes[0].before(make("p", { class: "again" }, "Missed before, and back:"), ...back);
  for (const box of boxes) {
    const { question, heading, choices, answer } = parts(box);
    if (choices.length) box.replaceWith(card(nameOf(question), PAGE, question, heading, choices, answer));
  }
}

/** A question from another page. What was kept of it is text, and stays text. */
function returned(name, kept) {
  const choices = kept.choices.map(([text, right]) => ({ nodes: [document.createTextNode(text)], text, right }));
  return card(name, kept.page, kept.question, [document.createTextNode(kept.question)], choices, [make("p", {}, kept.why)]);
}

function card(name, page, question, heading, choices, answer) {
  const path = `recall.${name}`;
  const title = fresh("question");
  const verdict = make("p", { class: "verdict", role: "status" });
  const rest = make("div", { class: "answer", hidden: true }, ...answer);
  const fields = choiceFields(choices, (choice) => {
    verdict.textContent = choice.right ? "Right." : `Not so. It is: ${choices.find((one) => one.right)?.text ?? "said below"}`;
    section.classList.remove("good", "off");
    section.classList.add(choice.right ? "good" : "off");
    rest.hidden = false;
    for (const input of section.querySelectorAll("input")) input.disabled = true;
    const why = rest.textContent.trim();
    set(path, { page, question, why, choices: choices.map((one) => [one.text, one.right]), ...next(get(path), choice.right) });
  });
  const section = make(
    "section",
    { class: "part recall", "aria-labelledby": title },
    make("p", { class: "kind" }, page === PAGE ? "Recall" : "Recall, again"),
    make("p", { class: "question", id: title }, ...heading),
    make("fieldset", { "aria-labelledby": title }, ...fields),
    verdict,
    rest,
  );
  return section;
}

/** Leitner's boxes: a miss goes back to the first one; a hit moves on, and after the last one the question rests. */
function next(earlier, right) {
  const missed = earlier?.due !== undefined;
  if (right && !missed) return { right: true };
  const box = right ? (earlier.box ?? 0) + 1 : 0;
  return box < DAYS.length ? { right, box, due: Date.now() + DAYS[box] * DAY } : { right: true };
}
