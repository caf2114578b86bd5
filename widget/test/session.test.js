import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { sockets } from './browser.js';

const { createSession } = await import('../src/session.js');
const { createOutbox } = await import('../src/outbox.js');
const { backoff } = await import('../src/backoff.js');
const { afterwards } = await import('../src/closecodes.js');

const offer = (changes = {}) => ({ id: 'o1', sku: 'A', ends_in: 900, ...changes });
const welcome = (changes = {}) => ({
  t: 'welcome',
  session: 's1',
  resume: 'r1',
  seq: 1,
  heartbeat: 20,
  idle: 60,
  offers: [],
  ...changes,
});

/** A session whose clocks only move when told, and what it told its page. */
function build(t) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.mock.method(performance, 'now', () => Date.now());
  t.mock.method(Math, 'random', () => 0.5);
  const told = [];
  const stored = { record: null, allowed: true };
  const note =
    (name) =>
    (...args) =>
      void told.push([name, ...args]);
  const session = createSession({
    url: () => 'https://offers.example/v1/session',
    may: () => stored.allowed,
    hello: () => ({ consent: 'anonymous', page: { url: 'u' } }),
    load: () => stored.record,
    save: (record) => {
      stored.record = record;
    },
    welcomed: note('welcomed'),
    changed: () => {},
    accepted: note('accepted'),
    refused: note('refused'),
    stopped: note('stopped'),
  });
  const ids = () => session.offers().map(({ id }) => id);
  // The mocked clock stands at the end of a tick while its timers run: so, small ticks.
  const pass = (ms) => {
    for (let left = ms; left > 0; left -= 100) t.mock.timers.tick(Math.min(left, 100));
  };
  return { session, told, stored, ids, pass };
}

/** The server acknowledges what it has from before; of a new session, the hello itself. */
const open = (socket, message = welcome(), taken = socket.sent[0]?.n) => {
  socket.onopen();
  socket.hear(message);
  socket.hear({ t: 'ack', n: taken ?? socket.sent[0].n });
};

beforeEach(() => {
  sockets.length = 0;
});

test('nothing is shown before the first snapshot', (t) => {
  const { session, ids } = build(t);
  session.wake();
  const [socket] = sockets;
  socket.onopen();
  socket.hear({ t: 'offer', seq: 9, offer: offer() });
  assert.deepEqual(ids(), []);
  socket.hear(welcome({ offers: [offer({ id: 'o2' })] }));
  assert.deepEqual(ids(), ['o2']);
});

test('frames older than the snapshot change nothing', (t) => {
  const { session, ids } = build(t);
  session.wake();
  open(sockets[0], welcome({ seq: 5 }));
  sockets[0].hear({ t: 'offer', seq: 5, offer: offer() });
  assert.deepEqual(ids(), []);
  sockets[0].hear({ t: 'offer', seq: 6, offer: offer() });
  assert.deepEqual(ids(), ['o1']);
});

test('an old socket has no voice any more', (t) => {
  const { session, ids, pass } = build(t);
  session.wake();
  open(sockets[0]);
  const { onmessage, onclose } = sockets[0];
  onclose({ code: 1006 });
  pass(1100);
  open(sockets[1], welcome({ seq: 2 }));
  onmessage({ data: JSON.stringify({ t: 'offer', seq: 7, offer: offer() }) });
  assert.deepEqual(ids(), []);
  onclose({ code: 4403 });
  assert.deepEqual([session.status().stopped, session.status().transport], [0, 'socket']);
});

test('offers end by themselves to the millisecond', (t) => {
  const { session, ids, pass } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer({ ends_in: 2 })] }));
  pass(1999);
  assert.deepEqual(ids(), ['o1']);
  pass(1);
  assert.deepEqual(ids(), []);
});

test('a refusal for now leaves the offer, and any other refusal ends it', (t) => {
  const { session, told, ids } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  sockets[0].hear({ t: 'refused', code: 'later', offer: 'o1' });
  assert.deepEqual(ids(), ['o1']);
  sockets[0].hear({ t: 'refused', code: 'ended', offer: 'o1' });
  assert.deepEqual(ids(), []);
  assert.deepEqual(
    told.filter(([name]) => name === 'refused'),
    [
      ['refused', 'o1', 'later'],
      ['refused', 'o1', 'ended'],
    ],
  );
});

test('heartbeats keep offers, thirty silent seconds end them', (t) => {
  const { session, ids, pass } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  for (let i = 0; i < 5; i++) {
    pass(20_000);
    sockets[0].hear({ t: 'heartbeat' });
  }
  assert.deepEqual(ids(), ['o1']);
  pass(30_000);
  assert.deepEqual(ids(), ['o1']);
  pass(1001);
  assert.deepEqual(ids(), []);
});

test('a line that went dead is noticed before its offers are hidden', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0]);
  pass(25_000);
  assert.equal(sockets[0].closed, null);
  pass(4_000);
  assert.equal(sockets[0].closed, 1000);
  assert.ok(sockets.length > 1);
});

test('what is not acknowledged goes again under the same number, an activity does not', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0]);
  session.send({ t: 'view', sku: 'A' });
  session.send({ t: 'activity', kind: 'input' });
  session.send({ t: 'accept', offer: 'o1' });
  const sent = sockets[0].sent.slice(1);
  sockets[0].hear({ t: 'ack', n: sent[0].n });
  sockets[0].onclose({ code: 1006 });
  pass(1100);
  open(sockets[1], welcome(), sent[0].n);
  const [hello, ...again] = sockets[1].sent;
  assert.deepEqual(again, [sent[2]]);
  assert.ok(hello.n > sent[2].n, 'a hello is numbered above all that was sent');
});

test('what she allows while the connection opens is told, and never what she allowed before', (t) => {
  const { session, pass } = build(t);
  session.wake();
  sockets[0].onopen();
  session.send({ t: 'consent', consent: 'personal' }, false);
  sockets[0].hear(welcome());
  sockets[0].hear({ t: 'ack', n: sockets[0].sent[0].n });
  assert.equal(sockets[0].sent[1].consent, 'personal');
  sockets[0].onclose({ code: 1006 });
  pass(1100);
  sockets[1].onopen();
  session.send({ t: 'consent', consent: 'personal' }, false);
  sockets[1].onclose({ code: 1006 });
  session.send({ t: 'consent', consent: 'none' }, false);
  pass(5000);
  open(sockets.at(-1));
  assert.deepEqual(
    sockets.at(-1).sent.map(({ t, consent }) => [t, consent]),
    [['hello', 'anonymous']],
  );
});

test('a click that met the end of a server is heard by the next one, which knows of nothing', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  session.send({ t: 'accept', offer: 'o1' });
  const click = sockets[0].sent.at(-1);
  sockets[0].onclose({ code: 1001 });
  pass(1100);
  open(sockets[1], welcome({ offers: [offer()] }));
  const [hello, ...again] = sockets[1].sent;
  assert.deepEqual(again, [click]);
  assert.ok(hello.n > click.n);
});

test('an act that opens the connection is told on it', (t) => {
  const { session } = build(t);
  session.send({ t: 'activity', kind: 'input' });
  open(sockets[0]);
  assert.equal(sockets[0].sent.at(-1).kind, 'input');
});

test('a click is not made again in a session that is another one', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  session.send({ t: 'accept', offer: 'o1' });
  sockets[0].onclose({ code: 1001 });
  pass(1100);
  open(sockets[1], welcome({ session: 'another' }));
  assert.equal(sockets[1].sent.length, 1);
});

test('a click that went to the old connection goes to the new one too, if nothing was said of it', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  sockets[0].hear({ t: 'bye', code: 1001, retry: 1 });
  session.send({ t: 'accept', offer: 'o1' });
  const click = sockets[0].sent.at(-1);
  pass(1100);
  open(sockets[1], welcome({ offers: [offer()] }));
  assert.deepEqual(sockets[1].sent.slice(1), [click]);
  assert.equal(sockets[0].closed, 1000);
});

test('a click into a dead line is not sent once the offer was hidden', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  session.send({ t: 'accept', offer: 'o1' });
  pass(31_000);
  while (sockets.at(-1).closed) pass(1_000);
  const last = sockets.at(-1);
  open(last, welcome(), 1);
  assert.deepEqual(
    last.sent.filter(({ t }) => t === 'accept'),
    [],
  );
});

test('numbers go on above what the server has taken in', () => {
  const outbox = createOutbox(10);
  outbox.acknowledge(500);
  outbox.put({ t: 'view', sku: 'A' });
  assert.equal(outbox.take()[0].n, 501);
});

test('only the latest of what can be repeated waits', () => {
  const outbox = createOutbox(0);
  for (const sku of ['A', 'B']) outbox.put({ t: 'view', sku });
  outbox.put({ t: 'identify', identity: 'x' });
  outbox.put({ t: 'logout' });
  outbox.put({ t: 'dismiss', offer: '1' });
  outbox.put({ t: 'dismiss', offer: '2' });
  assert.deepEqual(
    outbox.take().map(({ t, sku, offer: id }) => [t, sku ?? id]),
    [
      ['view', 'B'],
      ['logout', undefined],
      ['dismiss', '1'],
      ['dismiss', '2'],
    ],
  );
});

test('a clock that was set, and a machine that slept, make the widget ask again', (t) => {
  const { session, ids } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  const wall = Date.now();
  t.mock.method(Date, 'now', () => wall + 3_600_000);
  performance.now.mock.mockImplementation(() => wall + 1000);
  session.tick();
  assert.deepEqual(ids(), []);
  assert.equal(sockets.length, 2);
});

test('what waited in a page that stood still is not believed', (t) => {
  const { session, ids } = build(t);
  session.wake();
  open(sockets[0]);
  const wall = Date.now();
  t.mock.method(Date, 'now', () => wall + 60_000);
  performance.now.mock.mockImplementation(() => wall + 60_000);
  sockets[0].hear({ t: 'offer', seq: 2, offer: offer() });
  assert.deepEqual(ids(), []);
  assert.equal(sockets.length, 2, 'it asks for a new snapshot');
});

test('a server that says when is not disturbed before', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0]);
  sockets[0].hear({ t: 'bye', code: 1001, retry: 7 });
  sockets[0].onclose({ code: 1001 });
  session.send({ t: 'view', sku: 'A' });
  pass(6_900);
  assert.equal(sockets.length, 1);
  pass(1_100);
  assert.equal(sockets.length, 2);
});

test('busy shoppers do not shorten the waiting', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0]);
  sockets[0].onclose({ code: 1006 });
  for (let i = 0; i < 50; i++) session.send({ t: 'activity', kind: 'input' });
  assert.equal(sockets.length, 1);
  pass(1_100);
  assert.equal(sockets.length, 2);
});

test('an idle connection closes and the next act resumes it', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0]);
  for (let i = 0; i < 4; i++) {
    pass(20_000);
    sockets[0].hear({ t: 'heartbeat' });
  }
  assert.equal(sockets[0].closed, 1000);
  session.send({ t: 'view', sku: 'A' });
  sockets[1].onopen();
  assert.equal(sockets[1].sent[0].resume, 'r1');
});

test('an offer on the screen keeps the connection', (t) => {
  const { session, pass } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  for (let i = 0; i < 8; i++) {
    pass(20_000);
    sockets[0].hear({ t: 'heartbeat' });
  }
  assert.equal(sockets[0].closed, null);
});

test('another name on the same connection is the same session', (t) => {
  const { session, told } = build(t);
  session.wake();
  open(sockets[0]);
  sockets[0].hear(welcome({ session: 's2', resume: 'r2' }));
  assert.deepEqual(
    told.filter(([name]) => name === 'welcomed'),
    [
      ['welcomed', true],
      ['welcomed', false],
    ],
  );
});

test('a suspended page has nothing open and shows nothing', (t) => {
  const { session, ids } = build(t);
  session.wake();
  open(sockets[0], welcome({ offers: [offer()] }));
  session.suspend();
  assert.deepEqual(ids(), []);
  assert.equal(sockets[0].closed, 1000);
});

test('messages without a known name or shape end here', (t) => {
  const { session, ids } = build(t);
  session.wake();
  open(sockets[0]);
  for (const data of [
    '',
    'null',
    '[]',
    '{"t":"toString"}',
    '{"t":"future","seq":2}',
    '{"t":"__proto__"}',
  ]) {
    sockets[0].onmessage({ data });
  }
  sockets[0].hear({ t: 'offer', seq: 3, offer: offer() });
  assert.deepEqual(ids(), ['o1']);
});

test('close codes mean what the server says they mean', () => {
  const table = new URL('../../server/tactful/protocol/close_codes.py', import.meta.url);
  const rows = readFileSync(table, 'utf8').matchAll(
    /CloseCode\(\s*(\d+)[^@]*?ReconnectAdvice\.(\w+)/g,
  );
  const codes = [...rows];
  assert.ok(codes.length > 10);
  // The widget never connects while its page is hidden, so the two kinds of resuming are one.
  for (const [, code, then] of codes)
    assert.equal(afterwards(Number(code)), then.toLowerCase().replace('_visible', ''), code);
});

test('a session that moved to another server is resumed once the page is visible', (t) => {
  const { session, stored, pass } = build(t);
  session.wake();
  open(sockets[0]);
  stored.allowed = false; // A hidden page may not connect.
  sockets[0].onclose({ code: 4411 });
  pass(60_000);
  assert.equal(sockets.length, 1);
  stored.allowed = true;
  session.wake();
  pass(1100);
  assert.equal(sockets.length, 2);
  assert.equal(session.status().stopped, 0);
});

test('ten thousand widgets come back spread out', () => {
  const slots = new Array(100).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const wait = backoff(4);
    if (wait < 10_000) slots[Math.floor(wait / 100)] += 1;
  }
  assert.ok(Math.max(...slots) < 300, `${Math.max(...slots)} in one tenth of a second`);
  for (let failures = 1; failures < 99; failures++) assert.ok(backoff(failures, () => 1) <= 30_000);
});
