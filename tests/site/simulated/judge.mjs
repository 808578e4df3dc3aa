// Reads {model, parameters, recordings: [{workers, threads, timeout, buffered, requests}]} from standard input and says
// what was measured and what the model answers to the same requests. Arithmetic of percentiles is the model's own.
import { readFileSync } from "node:fs";

const { model, parameters, recordings } = JSON.parse(readFileSync(0, "utf8"));
const { memory, simulate, summary } = await import(model);

const judged = recordings.map(({ requests, ...server }) => {
  const sent = requests.map(([at, seconds, hold]) => ({ at, seconds, hold }));
  const measured = requests.map(([at, , hold, latency, status]) => {
    return { at, hold, ready: at, latency, end: at + latency, ok: status === 200 };
  });
  const served = simulate(sent, { ...server, ...parameters });
  const model = { ...summary(served), memory: memory(server, parameters.memory) };
  return { measured: summary(measured), model };
});
process.stdout.write(JSON.stringify(judged));
