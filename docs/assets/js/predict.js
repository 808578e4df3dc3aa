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
  const { question, heading, choices, number, unit, answer } = parts(box);
  if (!choices.length && !number) return; // nothing to say: it stays a box that opens
  const path = `guesses.${PAGE}.${nameOf(question)}`;
  const title = fresh("question");
  let chosen = null;

  const settle = make("button", { class: "settle", type: "submit", disabled: true }, "Settle it");
  const choose = (value) => {
    chosen = value;
    settle.disabled = false;
  };
  const fields = number ? numberFields(number, unit, question, choose) : choiceFields(choices, choose);
  const form = make("form", {}, make("fieldset", { "aria-labelledby": title }, ...fields), settle);
  const verdict = make("p", { class: "verdict", tabindex: "-1" });
  const rest = make("div", { class: "answer", hidden: true }, verdict, ...answer);
  const section = make(
    "section",
    { class: "part predict", "aria-labelledby": title },
    make("p", { class: "kind" }, "Predict"),
    make("p", { class: "question", id: title }, ...heading),
    form,
    rest,
  );

  const right = number ? `${number.answer} ${unit}` : choices.find((choice) => choice.right)?.text;
  const show = (said) => {
    form.remove();
    verdict.replaceChildren(make("span", {}, "You said: "), make("strong", {}, said.said), make("span", {}, `. Measured: `), make("strong", {}, right), ".");
    section.classList.add(said.good ? "good" : "off");
    rest.hidden = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = number
      ? { said: `${chosen} ${unit}`, good: Math.abs(chosen - number.answer) <= CLOSE * Math.abs(number.answer) }
      : { said: chosen.text, good: chosen.right };
    set(path, { ...said, question, right });
    show(said);
    verdict.focus();
  });
  const earlier = get(path);
  if (earlier) show(earlier);
  box.replaceWith(section);
}
