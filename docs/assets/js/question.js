// What predictions and recall questions share: a box as it was written, and the fields to answer it.
import { fresh, make } from "./dom.js";

/** The parts of a box: its question, the choices (the first list) or the number, and all that comes after. */
export function parts(details) {
  const [summary, first, ...rest] = [...details.children];
  const choices = first?.matches("ul") ? [...first.children].map(choiceOf) : [];
  const number = first?.matches("p.number") ? numberOf(first.dataset) : null;
  return {
    question: summary.textContent.trim(),
    heading: [...summary.childNodes],
    choices,
    number,
    answer: choices.length || number ? rest : [first, ...rest].filter(Boolean),
  };
}

function choiceOf(item) {
  const words = item.querySelector(":scope > p") ?? item; // a blank line between the choices makes paragraphs of them
  const right = item.classList.contains("right") || words.classList.contains("right");
  return { nodes: [...words.childNodes], text: words.textContent.trim().replace(/\s+/g, " "), right };
}

function numberOf({ min, max, step, answer, unit }) {
  return { min: Number(min), max: Number(max), step: Number(step), answer: Number(answer), unit: unit ?? "" };
}

/** One radio button a choice. */
export function choiceFields(choices, onChosen) {
  const name = fresh("choice");
  return choices.map((choice) => {
    const input = make("input", { type: "radio", name, onchange: () => onChosen(choice) });
    return make("label", { class: "choice" }, input, make("span", {}, ...choice.nodes));
  });
}

/** A slider and a field for the same number: the one is quick, the other exact. `onChosen` gets null for no number. */
export function numberFields({ min, max, step, unit }, question, onChosen) {
  const limits = { min, max, step };
  const slider = make("input", { type: "range", ...limits, value: min, "aria-label": question });
  const field = make("input", { type: "number", ...limits, "aria-label": `${question} In ${unit}.`, inputmode: "decimal" });
  const say = () => slider.setAttribute("aria-valuetext", `${slider.value} ${unit}`);
  slider.addEventListener("input", () => {
    field.value = slider.value;
    say();
    onChosen(Number(slider.value));
  });
  field.addEventListener("input", () => {
    const inRange = field.value !== "" && Number(field.value) >= min && Number(field.value) <= max;
    if (inRange) slider.value = field.value;
    say();
    onChosen(inRange ? Number(field.value) : null);
  });
  say();
  const scale = make("span", { class: "scale", "aria-hidden": "true" }, make("span", {}, `${min}`), make("span", {}, `${max} ${unit}`));
  return [
    make("div", { class: "number-fields" }, make("div", {}, slider, scale), make("span", { class: "exact" }, field, ` ${unit}`)),
  ];
}
