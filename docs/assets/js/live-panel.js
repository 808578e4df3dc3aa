// The box of live checks on a page: its state, the workspace, the button, what fails, and where a file can be dropped.
import { make } from "./dom.js";
import { clean } from "./live-report.js";
import { WORDS, isJudged, mark, placeOf, rich, took } from "./live-words.js";

const STATES = {
  live: "Live: every `grader check` on this machine shows here at once.",
  waiting: "Connecting … What you see may be old. Is `grader serve` running?",
  static: "Not live. In the project's folder, `. .venv/bin/activate` and `grader serve` make these pages live.",
};
const DISTURBS =
  "The button does what `grader check` does in a terminal: for a while it also stops, kills and freezes parts of the " +
  "stack, and puts them back.";
const REPORT =
  "Or show a report: write it with `grader check --format json --output report.json`, and drop it here or choose it: ";
const COUNTED = { ...WORDS, pass: "pass", fail: "fail" };
const ORDER = ["fail", "unknown", "skip", "pass"];

export class Panel {
  constructor(element, on) {
    this.state = make("p", { class: "live-state" });
    this.select = make("select", { class: "live-select", onchange: () => on.choose(this.select.value) });
    this.choice = make("label", { class: "live-choice" }, "Workspace ", this.select);
    this.check = button("Check my stack", () => on.check());
    this.check.classList.add("md-button--primary");
    this.end = button("End the check", () => on.end());
    this.actions = make("div", { class: "live-actions" }, this.check, this.end);
    this.warning = make("p", { class: "live-warning" }, rich("", DISTURBS));
    this.bar = make("progress", { class: "live-progress", "aria-label": "Checks that have been judged" });
    this.summary = make("p", { class: "live-summary" });
    this.list = make("ul", { class: "live-list" });
    this.said = make("p", { class: "live-said", role: "status" });
    this.trouble = make("p", { class: "live-trouble", role: "alert" });
    this.drop = dropZone(on.file);
    const inside = [this.state, this.choice, this.actions, this.warning, this.bar, this.summary, this.list];
    element.replaceChildren(...inside, this.drop, this.said, this.trouble);
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", "Live checks");
    this.element = element;
    this.whole = !element.dataset.lab; // a page without checks of its own lists them all
  }

  announce(text) {
    this.said.textContent = clean(text);
  }

  complain(text) {
    this.trouble.textContent = clean(text);
  }

  show(mode, candidates, current, lab) {
    const live = mode === "live";
    this.element.dataset.state = mode;
    this.state.replaceChildren(make("span", { class: "live-dot" }), rich("", STATES[mode]));
    this.fillChoice(candidates, current);
    this.choice.hidden = candidates.length < 2;
    this.actions.hidden = this.warning.hidden = mode === "static" || !current?.startable;
    this.check.setAttribute("aria-disabled", String(!live || Boolean(current?.running || current?.by_button)));
    this.end.hidden = !current?.by_button;
    this.drop.hidden = mode !== "static";
    this.showRun(current, lab, mode);
  }

  fillChoice(candidates, current) {
    const wanted = candidates.map(({ key, name, running }) => [key, clean(name) + (running ? " (being checked)" : "")]);
    const said = JSON.stringify(wanted);
    if (this.filled !== said) {
      this.filled = said;
      this.select.replaceChildren(...wanted.map(([key, name]) => new Option(name, key)));
    }
    this.select.value = current?.key ?? "";
  }

  showRun(current, lab, mode) {
    const results = Object.values(current?.results ?? {});
    const asked = current?.asked ?? [];
    this.bar.hidden = !current?.running;
    this.bar.max = asked.length || 1;
    this.bar.value = asked.filter((id) => current && isJudged(current, id)).length;
    this.summary.replaceChildren(...summary(current, results, lab, mode));
    const shown = results.filter(({ outcome }) => this.whole || outcome === "fail" || outcome === "unknown");
    shown.sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
    this.list.hidden = !shown.length;
    const said = JSON.stringify(shown);
    if (this.listed === said) return; // a link in it may have the focus
    this.listed = said;
    this.list.replaceChildren(...shown.map(item));
  }
}

function summary(current, results, lab, mode) {
  if (!current) {
    if (mode !== "live") return [];
    return [rich("", lab ? `No workspace of this lab yet: \`grader start ${lab}\`.` : "No workspace yet: `grader start`.")];
  }
  if (current.by_button && !current.running) return ["The check is starting …"];
  const nodes = [];
  if (current.said) nodes.push(make("span", { class: "live-gave-up" }, rich("", current.said)));
  if (current.said && current.hint) nodes.push(" Next: ", rich("", current.hint));
  if (nodes.length) nodes.push(make("br"));
  if (!results.length) {
    return nodes.length ? nodes.slice(0, -1) : [rich("", `${clean(current.name)} has not been checked yet.`)];
  }
  for (const outcome of ORDER) {
    const count = results.filter((result) => result.outcome === outcome).length;
    if (!count) continue;
    const part = make("span", { class: "live-count" }, mark(outcome), `${count} ${COUNTED[outcome]}`);
    part.dataset.outcome = outcome;
    nodes.push(part);
  }
  nodes.push(make("span", { class: "live-time" }, `${clean(current.name)}, ${took({ at: current.at })}`));
  return nodes;
}

function item(result) {
  const where = placeOf(result);
  const title = where ? make("a", {}, rich("", result.title)) : rich("", result.title);
  if (where) title.href = where;
  const line = make("li", {}, mark(result.outcome), make("span", { class: "live-word" }, WORDS[result.outcome]), title);
  line.dataset.outcome = result.outcome;
  line.dataset.check = result.id;
  if (result.because) line.append(make("span", { class: "live-because" }, rich("", result.because)));
  return line;
}

function button(text, act) {
  const press = (event) => event.currentTarget.getAttribute("aria-disabled") === "true" || act();
  return make("button", { class: "md-button live-button", type: "button", onclick: press }, text);
}

function dropZone(take) {
  const choose = ({ target }) => {
    if (target.files.length) take(target.files[0]);
    target.value = "";
  };
  const input = make("input", { type: "file", accept: ".json,application/json", onchange: choose });
  const zone = make("div", { class: "live-drop" }, make("label", {}, rich("", REPORT), input));
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("live-over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    });
  }
  return zone;
}
