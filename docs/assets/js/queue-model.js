// The model of the worker simulator: which request waits how long for which worker. No clock, no page, no chance that
// is not seeded: the same numbers in give the same numbers out. Times are in seconds.

const BACKLOG = 2048; // connections that wait in the kernel before more are refused; Gunicorn's own default
const CHECK = 0.5; // the arbiter looks for silent workers once a second: it notices half a second late on average
const LINGER = 1; // told to end, a worker still listens to a client that goes on sending, until the next look kills it

/** Random numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Requests that arrive at random: `rate` a second, `mean` seconds of work each, for `lasts` seconds, and `slowRate`
 * slow clients a second, each of which takes `hold` seconds to send its request.
 * Returns [{at, seconds, hold}] in the order of their arrival.
 */
export function arrivals({ rate, mean, lasts, slowRate = 0, hold = 0, seed = 7 }) {
  const quick = moments(chance(seed), rate, lasts, (random) => {
    const drawn = -mean * Math.log(1 - random());
    return { seconds: Math.min(4 * mean, Math.max(mean / 8, drawn)), hold: 0 };
  });
  const slow = moments(chance(seed + 1), slowRate, lasts, () => ({ seconds: mean, hold }));
  return [...quick, ...slow].sort((a, b) => a.at - b.at);
}

function moments(random, rate, lasts, request) {
  const all = [];
  const next = () => -Math.log(1 - random()) / rate;
  for (let at = rate > 0 ? next() : lasts; at < lasts; at += next()) all.push({ at, ...request(random) });
  return all;
}

/**
 * Serves `requests` and returns one entry for each, in the order in which the app's server saw them:
 * {at, seconds, hold, ready, start, held, end, free, latency, worker, thread, ok}. `held` is how long a slow client
 * kept the worker waiting, `free` when the worker can serve again. A refused one has no start.
 *
 * With one thread, a worker is Gunicorn's `sync` kind: it takes a connection only when it is free, so all workers share
 * one queue, and one that is silent for longer than `timeout` is replaced, which takes `boot`. With more threads it is
 * `gthread`: a worker takes connections at once and lets them queue for its own threads, and its main thread goes on
 * showing that it lives. `buffered`: a proxy in front collects the whole request first. `overhead` is what a request
 * takes besides its own work.
 */
export function simulate(requests, { workers, threads, timeout, buffered = false, overhead, boot, seed = 7 }) {
  const shared = threads === 1;
  const pools = shared ? [pool(workers)] : Array.from({ length: workers }, () => pool(threads));
  const random = chance(seed);
  const seen = requests.map((request) => ({ ...request, ready: request.at + (buffered ? request.hold : 0) }));
  seen.sort((a, b) => a.ready - b.ready);
  return seen.map((request) => {
    const number = shared ? 0 : choose(pools, random);
    const chosen = pools[number];
    chosen.starts = chosen.starts.filter((start) => start > request.ready);
    if (chosen.starts.length >= BACKLOG) return { ...request, latency: 0, ok: false };
    const server = chosen.free.indexOf(Math.min(...chosen.free));
    const start = Math.max(request.ready, chosen.free[server]);
    // A slow client goes on sending while it waits for a worker: only what is missing then holds the worker up.
    const held = buffered ? 0 : Math.max(0, request.at + request.hold - start);
    const takes = overhead + held + request.seconds;
    const killed = shared && timeout > 0 && takes > timeout;
    const end = start + (killed ? timeout + CHECK + (held > timeout + CHECK ? LINGER : 0) : takes);
    chosen.free[server] = end + (killed ? boot : 0);
    chosen.starts.push(start);
    const place = shared ? { worker: server, thread: 0 } : { worker: number, thread: server };
    const times = { start, held, end, latency: end - request.at, free: chosen.free[server] };
    return { ...request, ...times, ...place, ok: !killed };
  });
}

function pool(size) {
  return { free: Array(size).fill(0), starts: [] };
}

// A new connection wakes all workers, and whoever is first gets it, however long its own queue is. On real stacks two
// workers got 102 and 125 requests, four got 70, 73, 57 and 27 (docs/_recorded/simulator): here all have equal chances.
function choose(pools, random) {
  return Math.floor(random() * pools.length);
}

/** The value below which `share` of the values lie (nearest rank); 0 of none. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** p50, p95, p99 of the answered requests that no client slowed down itself; how many failed; the most that waited. */
export function summary(served) {
  const answered = served.filter((request) => request.ok);
  const latencies = answered.filter((request) => request.hold === 0).map((request) => request.latency);
  const until = Math.max(0, ...answered.map((request) => request.end));
  return {
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
    throughput: until ? answered.length / until : 0,
    errors: served.length - answered.length,
    waiting: Math.max(0, ...waiting(served).map(([, length]) => length)),
    until,
  };
}

/** How many requests wait for a worker, as steps [[at, length], ...]. */
export function waiting(served) {
  const began = served.filter((request) => request.start > request.ready);
  const changes = [...began.map(({ ready }) => [ready, 1]), ...began.map(({ start }) => [start, -1])];
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let length = 0;
  return changes.map(([at, change]) => [at, (length += change)]);
}

/** Megabytes that the processes take: the arbiter and each worker. What a thread adds is left out: it is little. */
export function memory({ workers }, { arbiter, worker }) {
  return arbiter + workers * worker;
}
