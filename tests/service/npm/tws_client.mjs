// tws_client.mjs PORT VERSION_MAX CLIENT_ID: somebody else's client of TWS asks our gateway for everything it asks a
// real one. One JSON line for each event; its decoder says "Underrun" or "unprocessed data" where a layout is wrong.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const api = require("@stoqey/ib/dist/api/api.js");
api.MAX_SUPPORTED_SERVER_VERSION = Number(process.argv[3]);
const { IBApi, EventName } = require("@stoqey/ib");

const ib = new IBApi({ host: "127.0.0.1", port: Number(process.argv[2]), clientId: Number(process.argv[4]) });
const say = (event, ...rest) => console.log(JSON.stringify({ event, rest }));
const waiting = [];

function heard(event, rest) {
  say(event, ...rest);
  for (const wait of waiting.filter((each) => each.event === event && each.matches(...rest))) {
    waiting.splice(waiting.indexOf(wait), 1);
    wait.done(rest);
  }
}

function until(event, matches = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} in 20 s`)), 20_000);
    waiting.push({ event, matches, done: (rest) => (clearTimeout(timer), resolve(rest)) });
  });
}

ib.on(EventName.error, (error, code, id) => heard("error", [id, code, error.message]));
const events = [
  "managedAccounts", "nextValidId", "openOrder", "orderStatus", "openOrderEnd", "execDetails", "execDetailsEnd",
  "position", "positionEnd", "accountSummary", "accountSummaryEnd", "contractDetails", "contractDetailsEnd",
  "tickPrice", "tickSnapshotEnd", "completedOrder", "completedOrdersEnd", "currentTime", "marketDataType",
];
for (const event of events) ib.on(event, (...rest) => heard(event, rest));
ib.on(EventName.commissionReport, (...rest) => heard("commissionReport", rest));

const stock = (symbol) => ({ symbol, secType: "STK", exchange: "SMART", currency: "USD" });
const order = (action, quantity, limit, reference) => ({
  action,
  totalQuantity: quantity,
  orderType: limit === undefined ? "MKT" : "LMT",
  lmtPrice: limit,
  tif: "DAY",
  orderRef: reference,
  transmit: true,
});

async function ask(start, ...expected) {
  const answers = expected.map(([event, matches]) => until(event, matches));
  start();
  return Promise.all(answers);
}

try {
  const [, [id]] = await ask(() => ib.connect(), ["managedAccounts"], ["nextValidId"]);
  say("version", ib.serverVersion);
  await ask(() => ib.reqContractDetails(11, stock("SPY")), ["contractDetails"], ["contractDetailsEnd"]);
  await ask(() => ib.reqContractDetails(12, stock("NOSUCH")), ["error", (request, code) => code === 200]);
  await ask(() => ib.reqPositions(), ["positionEnd"]);
  await ask(() => ib.reqAccountSummary(13, "All", "NetLiquidation,TotalCashValue,$LEDGER:ALL"), ["accountSummaryEnd"]);
  ib.reqMarketDataType(3);
  await ask(() => ib.reqMktData(14, stock("QQQ"), "", true, false), ["marketDataType"], ["tickSnapshotEnd"]);
  await ask(() => ib.reqCurrentTime(), ["currentTime"]);
  const status = (wanted, text) => ["orderStatus", (each, now) => each === wanted && now === text];
  await ask(() => ib.placeOrder(id, stock("IWM"), order("BUY", 7, undefined, "ref-1")), ["openOrder"], ["execDetails"],
    ["commissionReport"], status(id, "Filled"));
  await ask(() => ib.placeOrder(id + 1, stock("SPY"), order("BUY", 2, 1, "ref-2")), status(id + 1, "Submitted"));
  await ask(() => ib.placeOrder(id + 1, stock("SPY"), order("BUY", 3, 1.5, "ref-2")), ["openOrder"]);
  await ask(() => ib.placeOrder(id + 2, stock("SPY"), order("SELL", 9999, undefined, "ref-3")),
    ["error", (each, code) => each === id + 2 && code === 201]);
  await ask(() => ib.reqAllOpenOrders(), ["openOrder"], ["openOrderEnd"]);
  await ask(() => ib.reqExecutions(15, {}), ["execDetails"], ["execDetailsEnd"]);
  await ask(() => ib.cancelOrder(id + 1, ""), status(id + 1, "Cancelled"), ["error", (each, code) => code === 202]);
  // This client takes a completed order before 177 for one without the field that 177 removed; a recorded one has it.
  if (ib.serverVersion >= 177) {
    await ask(() => ib.reqCompletedOrders(false), ["completedOrder"], ["completedOrdersEnd"]);
  }
  await ask(() => ib.reqPositions(), ["position"], ["positionEnd"]);
  say("done");
} catch (error) {
  say("failed", error.message);
}
ib.disconnect();
process.exit(0);
