// Runs the analyzers of the MDN HTTP Observatory over cases: JSON on standard input, results on standard output.
// Usage: node observatory.mjs FOLDER-OF-THE-PACKAGE < cases.json
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const home = process.argv[2];
const load = (path) => import(pathToFileURL(join(home, "src", path)).href);
const { AxiosHeaders } = createRequire(join(home, "package.json"))("axios");
const { CookieJar } = createRequire(join(home, "package.json"))("tough-cookie");
const { Requests } = await load("types.js");
const { parseHttpEquivHeaders } = await load("retriever/utils.js");
const TESTS = {
  "content-security-policy": ["csp.js", "contentSecurityPolicyTest"],
  cookies: ["cookies.js", "cookiesTest"],
  "cross-origin-resource-policy": ["cross-origin-resource-policy.js", "crossOriginResourcePolicyTest"],
  "cross-origin-resource-sharing": ["cors.js", "crossOriginResourceSharingTest"],
  redirection: ["redirection.js", "redirectionTest"],
  "referrer-policy": ["referrer-policy.js", "referrerPolicyTest"],
  "strict-transport-security": ["strict-transport-security.js", "strictTransportSecurityTest"],
  "subresource-integrity": ["subresource-integrity.js", "subresourceIntegrityTest"],
  "x-content-type-options": ["x-content-type-options.js", "xContentTypeOptionsTest"],
  "x-frame-options": ["x-frame-options.js", "xFrameOptionsTest"],
};
const tests = {};
for (const [rule, [file, name]] of Object.entries(TESTS)) tests[rule] = (await load(`analyzer/tests/${file}`))[name];

function response(headers, request = {}) {
  const found = new AxiosHeaders({ "Content-Type": "text/html" });
  for (const [name, value] of headers) found.set(name, value);
  return { headers: found, status: 200, verified: true, request };
}

function requestsOf(one, host) {
  const requests = new Requests(host);
  const page = response(one.headers);
  page.headers.set("Set-Cookie", [one.cookie]);
  page.httpEquiv = parseHttpEquivHeaders(one.html, `https://${host}/`);
  const jar = new CookieJar();
  jar.setCookieSync(one.cookie, `https://${host}/`, { ignoreError: true });
  requests.session = { url: new URL(`https://${host}/`), jar };
  requests.resources.path = one.html;
  requests.responses.auto = page;
  requests.responses.https = one.tls ? page : null;
  requests.responses.cors = response(one.cors, { headers: { Origin: one.stranger } });
  requests.responses.http = one.route.length ? response([]) : null;
  requests.responses.httpRedirects = one.route.map((url) => ({ url: new URL(url), status: 301 }));
  return requests;
}

const { host, cases } = JSON.parse(readFileSync(0, "utf8"));
const results = cases.map((one) => {
  const output = tests[one.rule](requestsOf(one, host));
  return { result: output.result, pass: output.pass };
});
console.log(JSON.stringify(results));
