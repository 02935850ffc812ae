// alpaca_client.mjs URL KEY SECRET: Alpaca's own client listens to trade updates while orders are made, filled and
// cancelled. One JSON line for each event.
import { createRequire } from "node:module";

const { streaming } = createRequire(import.meta.url)("@alpacahq/alpaca-trade-api");
const [url, keyId, secret] = process.argv.slice(2);
const say = (event, rest) => console.log(JSON.stringify({ event, rest }));
const stream = new streaming.TradingStream({
  url: `${url.replace("http", "ws")}/stream`,
  credentials: { keyId, secret },
  reconnect: false,
  pingIntervalMs: 200,
});
const waiting = [];

function until(matches) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no such update in 20 s: ${matches}`)), 20_000);
    waiting.push({ matches, done: (update) => (clearTimeout(timer), resolve(update)) });
  });
}

async function ask(method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { "APCA-API-KEY-ID": keyId, "APCA-API-SECRET-KEY": secret },
    body: body && JSON.stringify(body),
  });
  return answer.status === 204 ? null : answer.json();
}

stream.onError((error) => say("error", error));
stream.on(streaming.EVENT.SUBSCRIPTION, (streams) => say("subscription", streams));
stream.onTradeUpdate((update) => {
  say("update", update);
  for (const wait of waiting.filter((each) => each.matches(update))) {
    waiting.splice(waiting.indexOf(wait), 1);
    wait.done(update);
  }
});

const listens = new Promise((resolve) => stream.on(streaming.EVENT.SUBSCRIPTION, resolve));
stream.subscribeTradeUpdates();
stream.connect();
const outcome = await stream.whenAuthenticated();
say("authenticated", outcome.authenticated);
if (outcome.authenticated) {
  await listens;
  const of = (id, event) => (update) => update.event === event && update.order.clientOrderId === id;
  const filled = until(of("peer-1", "fill"));
  const rests = until(of("peer-2", "new"));
  const cancelled = until(of("peer-2", "canceled"));
  const order = { symbol: "SPY", qty: "3", side: "buy", time_in_force: "day" };
  const first = await ask("POST", "/v2/orders", { ...order, type: "market", client_order_id: "peer-1" });
  const second = await ask("POST", "/v2/orders", { ...order, type: "limit", limit_price: "1", client_order_id: "peer-2" });
  await Promise.all([filled, rests]);
  say("order", await ask("GET", `/v2/orders/${first.id}`));
  await ask("DELETE", `/v2/orders/${second.id}`);
  await cancelled;
  // A ping or two are answered, or the client would say so.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
stream.disconnect();
say("done", []);
