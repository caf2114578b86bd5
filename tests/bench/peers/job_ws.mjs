// The whole job on Node's `ws`: session, facts, rules, choice. `node job_ws.mjs engine|indexed RULES SKUS`
//
// engine: json-rules-engine, as a developer would reach for it. indexed: the same rules compiled to
// functions and looked up by category, as one would write them by hand. Neither keeps a record of
// what it decided, has budgets, caps or complaints, or survives a restart.
import { Engine } from "json-rules-engine";
import { WebSocketServer } from "ws";

const [kind, rules, skus] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const items = new Map();
for (let i = 0; i < skus; i++) items.set(`s${i}`, { category: `cat${i % 100}`, stock: 1000, price: 12900 });

const conditions = (i) => [
  { fact: "category", operator: "equal", value: `cat${i % 50}` },
  { fact: "stock", operator: "greaterThanInclusive", value: 5 },
  { fact: "price", operator: "greaterThanInclusive", value: 2000 },
  { fact: "dwell", operator: "greaterThanInclusive", value: 30000 },
  { fact: "views", operator: "greaterThanInclusive", value: 2 },
];

function engineChoice() {
  const engine = new Engine();
  for (let i = 0; i < rules; i++) {
    engine.addRule({ conditions: { all: conditions(i) }, event: { type: "offer", params: { rule: i, percent: 10 } } });
  }
  return async (facts) => (await engine.run(facts)).events.map((event) => event.params);
}

function indexedChoice() {
  const index = new Map();
  for (let i = 0; i < rules; i++) {
    const rule = { rule: i, percent: 10, test: (f) => f.stock >= 5 && f.price >= 2000 && f.dwell >= 30000 && f.views >= 2 };
    const category = `cat${i % 50}`;
    if (!index.has(category)) index.set(category, []);
    index.get(category).push(rule);
  }
  return (facts) => (index.get(facts.category) ?? []).filter((rule) => rule.test(facts));
}

const choose = kind === "engine" ? engineChoice() : indexedChoice();
const server = new WebSocketServer({
  host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false,
  handleProtocols: () => "tactful.v1",
});
server.on("listening", () => console.log(server.address().port));

server.on("connection", (socket) => {
  const session = { focus: null, since: 0, views: 0, lastInput: 0, looks: new Map(), pushed: 0 };
  let told = false;
  let n = 0;
  const acknowledge = () => {
    if (told) return;
    told = true;
    // One acknowledgement for all that one read brought, as our own server has it.
    queueMicrotask(() => { told = false; socket.send(`{"t":"ack","n":${n}}`); });
  };
  const decided = (found) => {
    if (found.length === 0 || session.pushed >= 2) return;
    const best = found.reduce((a, b) => (b.percent > a.percent ? b : a));
    session.pushed += 1;
    const price = Math.round(items.get(session.focus).price * (1 - best.percent / 100));
    socket.send(JSON.stringify({ t: "offer", offer: { sku: session.focus, price: { amount: price, currency: "EUR" } } }));
  };
  socket.on("message", async (data) => {
    const message = JSON.parse(data);
    const now = Date.now();
    if (message.t === "hello") {
      socket.send(`{"t":"welcome","session":"s","offers":[]}`);
    } else if (message.t === "view") {
      if (session.focus !== message.sku) { session.focus = message.sku; session.since = now; }
      session.looks.delete(message.sku);
      session.looks.set(message.sku, now);
      if (session.looks.size > 32) session.looks.delete(session.looks.keys().next().value);
      session.views += 1;
      session.lastInput = now;
    } else {
      session.lastInput = now;
    }
    const item = items.get(session.focus);
    if (item) {
      const facts = { ...item, dwell: now - session.since, views: session.views };
      const found = choose(facts);
      decided(found instanceof Promise ? await found : found);
    }
    n = Math.max(n, message.n);
    acknowledge();
  });
});
