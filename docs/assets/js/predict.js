// A prediction: the answer stays away until the reader has said something. What was said is kept.
import { fresh, make } from "./dom.js";
import { choiceFields, numberFields, parts } from "./question.js";
import { PAGE, get, nameOf, set } from "./store.js";

const CLOSE = 0.25; // of the measured number: a guess within a quarter of it was a good one

/** Turns each box into a form; one that was answered before shows what was said then. */
export function start(boxes) {
  for (const box of boxes) upgrade(box);
}

function upgrade(box) {
  const { question, heading, choices, number, answer } = parts(box);
  if (!choices.length && !number) return; // nothing to say: it stays a box that opens
  const path = `guesses.${PAGE}.${nameOf(question)}`;
  const title = fresh("question");
  const measured = number ? `${number.answer} ${number.unit}` : (choices.find((choice) => choice.right)?.text ?? "see below");
  let chosen = null;

  const settle = make("button", { class: "settle", type: "submit", disabled: true }, "Settle it");
  const choose = (value) => {
    chosen = value;
    settle.disabled = value === null;
  };
  const fields = number ? numberFields(number, question, choose) : choiceFields(choices, choose);
  const form = make("form", {}, make("fieldset", { "aria-labelledby": title }, ...fields), settle);
  const verdict = make("div", { class: "verdict", tabindex: "-1", role: "group", "aria-label": "Settled" });
  const rest = make("div", { class: "answer", hidden: true }, verdict, ...answer);
  const section = make(
    "section",
    { class: "part predict", "aria-labelledby": title },
    make("p", { class: "kind" }, "Predict"),
    make("p", { class: "question", id: title }, ...heading),
    form,
    rest,
  );
  const show = (guess) => {
    form.remove();
    verdict.replaceChildren(...settled(guess, measured, number));
    section.classList.add(guess.good ? "good" : "off");
    rest.hidden = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen === null) return;
    const guess = number
      ? { said: `${chosen} ${number.unit}`, value: chosen, good: Math.abs(chosen - number.answer) <= CLOSE * Math.abs(number.answer) }
      : { said: chosen.text, good: chosen.right };
    set(path, { ...guess, question, right: measured });
    show(guess);
    verdict.focus(); // a screen reader goes on here, and reads guess and measurement
  });
  const earlier = get(path);
  if (typeof earlier?.said === "string") show(earlier);
  box.replaceWith(section);
}

/** The guess beside what was measured; a number also as two marks on one scale. */
function settled(guess, measured, number) {
  const row = (word, text) => make("div", {}, make("dt", {}, word), make("dd", {}, text));
  const list = make("dl", { class: "beside" }, row("You said", guess.said), row("Measured", measured));
  if (!number || !Number.isFinite(guess.value)) return [list];
  const at = (value) => Math.min(100, Math.max(0, (100 * (value - number.min)) / (number.max - number.min)));
  const marks = make("div", { class: "marks", "aria-hidden": "true" }, make("i", { class: "said" }), make("i", { class: "measured" }));
  marks.children[0].style.setProperty("--at", `${at(guess.value)}%`);
  marks.children[1].style.setProperty("--at", `${at(number.answer)}%`);
  return [list, marks];
}
