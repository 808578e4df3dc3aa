// What predictions and recall questions share: a question in a box that was closed, and a form to answer it.
import { fresh, make } from "./dom.js";

/** The parts of a box as it was written: its question, the choices (the first list), and all that comes after. */
export function parts(details) {
  const [summary, ...rest] = [...details.children];
  const first = rest[0];
  const choices = first?.matches("ul") ? [...first.children] : [];
  const number = first?.matches("p.number") ? first.dataset : null;
  return {
    question: summary.textContent.trim(),
    heading: [...summary.childNodes],
    choices: choices.map((item) => ({ nodes: [...item.childNodes], text: item.textContent.trim(), right: item.classList.contains("right") })),
    number: number && Object.fromEntries(["min", "max", "step", "answer"].map((name) => [name, Number(number[name])])),
    unit: number?.unit ?? "",
    answer: choices.length || number ? rest.slice(1) : rest,
  };
}

/** One radio button a choice. `given` is the text of the one that is chosen at first. */
export function choiceFields(choices, onChosen) {
  const name = fresh("choice");
  return choices.map((choice) => {
    const input = make("input", { type: "radio", name, onchange: () => onChosen(choice) });
    return make("label", { class: "choice" }, input, make("span", {}, ...choice.nodes));
  });
}

/** A slider and a field for the same number: the one is quick, the other exact, and both say the unit. */
export function numberFields({ min, max, step }, unit, label, onChosen) {
  const limits = { min, max, step };
  const slider = make("input", { type: "range", ...limits, value: min, "aria-label": label, "aria-valuetext": `${min} ${unit}` });
  const field = make("input", { type: "number", ...limits, "aria-label": `${label} (${unit})`, inputmode: "decimal" });
  const take = (from, to) => {
    const value = Number(from.value);
    if (from.value === "" || Number.isNaN(value)) return;
    to.value = from.value;
    slider.setAttribute("aria-valuetext", `${value} ${unit}`);
    onChosen(Math.min(max, Math.max(min, value)));
  };
  slider.addEventListener("input", () => take(slider, field));
  field.addEventListener("input", () => take(field, slider));
  return [make("div", { class: "number-fields" }, slider, make("span", { class: "exact" }, field, ` ${unit}`))];
}
