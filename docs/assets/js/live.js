// Live checks: what `grader serve` says of every run, on the page that teaches it; or a report file, where nobody serves.
import { ROOT, get, set } from "./store.js";
import { served } from "./served.js";
import { readReport, trouble } from "./live-report.js";
import { Panel } from "./live-panel.js";
import { showRows } from "./live-rows.js";

const SERVER = new URL("-/", ROOT);
const AGAIN = 2000; // ms until the next try, where the browser itself gives up
const FILE = "file"; // the key of what a report file says

export function start(elements) {
  for (const element of elements) new Live(element);
}

class Live {
  constructor(element) {
    this.lab = element.dataset.lab ?? "";
    this.workspaces = new Map(); // by key
    this.chosen = ""; // the key that the reader chose; "" follows the latest run
    this.mode = served ? "waiting" : "static";
    this.token = "";
    this.panel = new Panel(element, {
      choose: (key) => {
        this.chosen = key;
        this.show();
      },
      check: () => this.act("check"),
      end: () => this.act("end"),
      file: (file) => this.takeFile(file),
    });
    this.takeStored();
    this.show();
    if (served) this.follow();
  }

  // A hidden page lets go of its stream: a browser has six connections for all its tabs together.
  follow() {
    const turn = () => (document.hidden ? this.disconnect() : this.connect());
    document.addEventListener("visibilitychange", turn);
    addEventListener("pagehide", () => this.disconnect());
    addEventListener("pageshow", turn);
    turn();
  }

  connect() {
    if (this.source) return;
    this.source = new EventSource(new URL("events", SERVER));
    this.source.onmessage = (message) => this.take(JSON.parse(message.data));
    this.source.onerror = () => {
      this.turn("waiting");
      if (this.source?.readyState !== EventSource.CLOSED) return;
      this.disconnect();
      this.timer = setTimeout(() => document.hidden || this.connect(), AGAIN);
    };
  }

  disconnect() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  turn(mode) {
    if (this.mode === mode) return;
    this.mode = mode;
    this.show();
  }

  take(message) {
    if (message.kind === "all") {
      this.token = message.token;
      this.mode = "live";
      this.workspaces.clear();
      for (const workspace of message.workspaces) this.workspaces.set(workspace.key, workspace);
      message.workspaces.forEach(keep);
    } else if (message.kind === "workspace") {
      this.announce(this.workspaces.get(message.key), message);
      this.workspaces.set(message.key, message);
      keep(message);
    } else if (message.kind === "gone") {
      this.workspaces.delete(message.key);
    } else if (message.kind === "result") {
      const workspace = this.workspaces.get(message.key);
      if (!workspace) return;
      workspace.results[message.result.id] = { ...message.result, at: message.at };
      workspace.at = message.at;
    }
    this.show();
  }

  // Said to a screen reader: that a run began, and how it ended; not each of its checks.
  announce(before, now) {
    if (!this.mine(now)) return;
    if (now.running && !before?.running) this.panel.announce(`A check began in ${now.name}.`);
    else if (now.said) this.panel.announce(`${now.name}: ${now.said}`);
    else if (before?.running && now.report) {
      const { pass, fail } = now.report.counts;
      this.panel.announce(`The check of ${now.name} ended: ${pass} passed, ${fail} failed.`);
    }
  }

  mine(workspace) {
    return !this.lab || workspace.lab === this.lab;
  }

  get candidates() {
    const own = [...this.workspaces.values()].filter((workspace) => this.mine(workspace));
    return own.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get current() {
    const candidates = this.candidates;
    const chosen = candidates.find((workspace) => workspace.key === this.chosen);
    return chosen ?? candidates.reduce((best, one) => (best && best.at >= one.at ? best : one), null);
  }

  show() {
    const current = this.current;
    this.panel.show(this.mode, this.candidates, current, this.lab);
    if (this.lab) showRows(current);
  }

  async act(action) {
    const body = JSON.stringify({ workspace: this.current?.key ?? "" });
    const headers = { "Content-Type": "application/json", "X-Course-Token": this.token };
    this.panel.complain("");
    try {
      const answer = await fetch(new URL(action, SERVER), { method: "POST", headers, body });
      if (!answer.ok) this.panel.complain((await answer.text()).slice(0, 400));
      else this.panel.announce(action === "check" ? "The check is starting." : "The check puts the stack back and ends.");
    } catch {
      this.panel.complain("The server does not answer. Start it again: grader serve");
    }
  }

  async takeFile(file) {
    try {
      const report = await readReport(file, this.lab);
      set(`reports.${report.lab}`, report);
      this.panel.complain("");
      this.panel.announce(`Read ${file.name}: ${report.counts.pass} passed, ${report.counts.fail} failed.`);
      this.takeReport(report);
      this.show();
    } catch (trouble) {
      this.panel.complain(trouble.message);
    }
  }

  takeStored() {
    const stored = this.lab ? [get(`reports.${this.lab}`, null)] : Object.values(get("reports", {}));
    for (const report of stored) if (!trouble(report)) this.takeReport(report); // it may have come in a file
  }

  takeReport(report) {
    const at = Date.parse(report.started) / 1000;
    const results = Object.fromEntries(report.results.map((result) => [result.id, { ...result, at }]));
    const key = `${FILE} ${report.lab}`;
    const asked = report.results.map((result) => result.id);
    const name = `report of ${report.stack}`;
    const rest = { began: 0, running: false, startable: false, said: "", hint: "", report };
    this.workspaces.set(key, { kind: "workspace", key, lab: report.lab, name, at, asked, results, ...rest });
  }
}

// The latest report of each lab stays in this browser, for the reader's progress.
function keep(workspace) {
  const report = workspace.report;
  if (!report) return;
  const stored = get(`reports.${workspace.lab}.started`, "");
  if (!(stored >= report.started)) set(`reports.${workspace.lab}`, report);
}
