/** The story: five scenes in two frames of the shop, each with a caption and what was measured. */

/** A scene that has not happened by then says so. */
const DEADLINE_MS = 60_000;
const READ_MS = 4000;
const GLANCE_MS = 1500;
const TICK_MS = 50;

const $ = (id) => document.getElementById(id);
const euros = (cents) => `€${(cents / 100).toFixed(2)}`;
const milliseconds = (ms) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
const nextFrame = () => new Promise(requestAnimationFrame);
const scenes = [...$('scenes').children];

/** Number of the run; an earlier run stops at its next step. */
let run = 0;
let paused = false;

/** A trouble that the visitor reads. */
class Trouble extends Error {}
/** A run that was replaced by another one. */
class Replaced extends Error {}

/** Wait so long, not counting the time in which the story is paused or cannot be seen. */
async function rest(ms, mine = run) {
  for (let left = ms, last = performance.now(); left > 0; ) {
    await new Promise((done) => setTimeout(done, Math.min(left, TICK_MS)));
    const now = performance.now();
    if (!paused && !document.hidden) left -= now - last;
    last = now;
    if (mine !== run) throw new Replaced();
  }
}

/** Wait for a value that is true, and look at each frame that is drawn. */
async function appears(what, look) {
  const mine = run;
  for (let left = DEADLINE_MS, last = performance.now(); ; ) {
    const found = look();
    if (found) return found;
    await nextFrame();
    const now = performance.now();
    if (!paused) left -= Math.min(now - last, TICK_MS);
    last = now;
    if (mine !== run) throw new Replaced();
    if (left < 0) throw new Trouble(`${what} did not happen within ${DEADLINE_MS / 1000} seconds. This machine may be busy: wait a moment, then press “Play again”, which starts with a fresh shop.`);
  }
}

async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Trouble('The demo does not respond. Check that it is still running, then press “Play again”.');
  }
  const found = await answer.json();
  if (!answer.ok) throw new Trouble(found.detail);
  return found;
}

/** One half of the stage: a shopper, and the frame in which the shopper uses the shop. */
class Side {
  constructor(id) {
    this.figure = $(id);
    this.frame = null;
  }

  /** Let a shopper enter, with a new frame on a page of the shop. */
  async enter(shopper) {
    this.shopper = shopper;
    const face = this.figure.querySelector('.face');
    face.className = `face ${shopper.colour}`;
    face.textContent = shopper.name[0];
    this.figure.querySelector('b').textContent = shopper.name;
    this.figure.querySelector('small').textContent = shopper.headline;
    this.figure.ariaLabel = `The shop, as ${shopper.name} sees it`;
    this.leave();
    this.frame = Object.assign(document.createElement('iframe'), { title: `${shopper.name} in the shop`, inert: true });
    this.figure.querySelector('.window').append(this.frame);
    await this.goto(shopper.product);
    this.state('looks at the shoe');
  }

  leave() {
    this.frame?.remove();
    this.frame = null;
    this.state('');
  }

  /** Open a page. It replaces the one before, so that “back” leaves the story. */
  async goto(path) {
    const loaded = this.loads();
    if (this.frame.src) this.frame.contentWindow.location.replace(path);
    else this.frame.src = path;
    await loaded;
  }

  loads() {
    const { frame } = this;
    return Promise.race([
      new Promise((done) => frame.addEventListener('load', done, { once: true })),
      rest(DEADLINE_MS).then(() => {
        throw new Trouble('The shop does not respond. Check that the demo is still running, then press “Play again”.');
      }),
    ]);
  }

  get page() {
    return this.frame.contentDocument;
  }

  /** Return the card with an offer, which is in a shadow tree of the widget; nothing: none is shown. */
  get card() {
    for (const node of this.page.body?.parentNode.querySelectorAll('div') ?? []) {
      const card = node.shadowRoot?.querySelector('.card');
      if (card?.querySelector('.now') && card.checkVisibility?.() !== false) return card;
    }
    return null;
  }

  get session() {
    return this.frame.contentWindow.tactful?.('session') ?? '';
  }

  state(text, kind = '') {
    const node = this.figure.querySelector('.state');
    node.textContent = text;
    node.className = `state ${kind}`;
  }

  /** Show this shopper; on a phone only this one. */
  front() {
    for (const figure of document.querySelectorAll('figure')) figure.classList.toggle('front', figure === this.figure);
  }
}

const left = new Side('left');
const right = new Side('right');

/** Begin a scene with the first sentence of its caption. */
function scene(number, caption) {
  scenes.forEach((item, at) => {
    item.classList.toggle('done', at < number - 1);
    item.classList.toggle('now', at === number - 1);
  });
  say(number, caption);
}

function say(number, caption, measured = '') {
  const item = scenes[number - 1];
  item.querySelector('.caption').textContent = caption;
  item.querySelector('.measured').textContent = measured;
  item.scrollIntoView({ block: 'nearest' });
  $('said').textContent = `${item.querySelector('h2').textContent}. ${caption} ${measured}`;
}

const state = (side) => ask(`/demo/state?${new URLSearchParams({ session: side.session, sku })}`);
let sku = '';

/** Return how long after the server's decision the card was on the page, in milliseconds. */
async function sinceDecision(side, seen) {
  const { decisions, skipped } = await state(side);
  const pushed = decisions.find(({ to }) => to === 'pushed');
  return Math.max(0, seen + skipped * 1000 - Date.parse(pushed.at));
}

/** Wait for the offer of a shopper, and return its price and when it was seen. */
async function offered(side) {
  const card = await appears(`The offer to ${side.shopper.name}`, () => side.card);
  const seen = Date.now();
  const price = card.querySelector('.now').textContent;
  side.state(`offer: ${price}`, 'good');
  return { price, seen };
}

/** Report a fact, and return how many milliseconds later the card is gone. */
async function withdrawn(side, path, fact) {
  const started = performance.now();
  const reported = ask(path, fact);
  await appears(`The withdrawal of the offer to ${side.shopper.name}`, () => !side.card);
  const took = performance.now() - started;
  await reported;
  return took;
}

async function silenceAndOffer(cast) {
  scene(1, 'Nadia and Omar look at the same shoe. Tactful waits a few seconds before it decides.');
  left.front();
  await Promise.all([left.enter(cast.nadia), right.enter(cast.omar)]);
  const { price, seen } = await offered(left);
  const took = await sinceDecision(left, seen);
  say(1, `In stock, the margin stays, and no complaint is open: ${price}, for ten minutes.`, `On her page ${milliseconds(took)} after the decision`);
  await rest(READ_MS);

  scene(2, 'Omar looked just as long. The sole of his last pair came off, and support has not answered yet.');
  right.front();
  const started = performance.now();
  const { why } = await state(right);
  const explained = performance.now() - started;
  if (right.card || why[0]?.outcome !== 'withheld') throw new Trouble('Omar was offered the shoe: the rules are not those of the demo. Press “Play again”.');
  right.state('no offer', 'stop');
  await rest(GLANCE_MS);
  say(2, `A discount now would hurt. Omar sees none, and support can look up why: ${why[0].words}.`, `Reason looked up in ${milliseconds(explained)}`);
  await rest(READ_MS + GLANCE_MS);
}

async function ticket() {
  scene(3, 'Nadia writes to support: “The pair that I bought as a guest came apart.” The help desk reports the ticket.');
  left.front();
  left.state('writes to support');
  await rest(GLANCE_MS + GLANCE_MS);
  const took = await withdrawn(left, '/demo/complain', { customer: 'nadia', sku, kind: 'defect' });
  left.state('offer withdrawn', 'stop');
  say(3, 'First her shoe, then a price: the offer leaves. Her browser is not told of the complaint.', `Offer gone ${milliseconds(took)} after the ticket`);
  await rest(READ_MS);
}

async function lastPair(cast) {
  scene(4, 'Two new shoppers, and two pairs left. Lotte buys often, so a rule gives her a better price.');
  left.front();
  await ask('/demo/sell', { sku, left: 2 });
  await Promise.all([left.enter(cast.lotte), right.enter(cast.ravi)]);
  const [{ price }] = await Promise.all([offered(left), offered(right)]);
  say(4, `Both get an offer. Lotte takes hers: ${price}.`);
  await rest(GLANCE_MS);
  // The last row of the card has the two answers; other buttons may stand above it.
  left.card.lastElementChild.querySelector('button').click();
  await appears('The acceptance', () => Number(left.page.querySelector('[data-count]').textContent));
  left.state(`promised: ${price}`, 'good');
  await rest(GLANCE_MS);
  say(4, 'Now somebody buys a pair in the shop in town.');
  right.front();
  await rest(GLANCE_MS);
  const took = await withdrawn(right, '/demo/sell', { sku, left: 1 });
  right.state('offer withdrawn', 'stop');
  say(4, 'Somebody buys a pair in the shop in town. The last one is promised to Lotte, so Ravi’s offer leaves.', `Offer gone ${milliseconds(took)} after the sale`);
  await rest(READ_MS);
  return price;
}

async function paid(cast, price) {
  scene(5, 'Lotte goes to the checkout.');
  left.front();
  const { session } = left;
  await left.goto(cast.lotte.cart);
  await rest(GLANCE_MS);
  await left.goto(cast.lotte.payment);
  await rest(GLANCE_MS);
  const loaded = left.loads();
  left.page.querySelector('form button').click();
  await loaded;
  const order = left.page.querySelector('[data-order]');
  const charged = left.page.querySelector('[data-charged]');
  if (!order || euros(charged.dataset.charged) !== price) throw new Trouble('The order was not paid at the promised price. Press “Play again”.');
  left.state(`paid: ${price}`, 'good');
  say(5, `Promised ${price}, paid ${price}: the same to the cent. The receipt says how it was decided.`, `Redeemed in ${milliseconds(Number(order.dataset.redeemedMs))}`);
  await rest(GLANCE_MS + GLANCE_MS);
  drawReceipt(await ask(`/demo/story/receipt?session=${encodeURIComponent(session)}`), price);
}

function drawReceipt(found, price) {
  const line = (term, text, className = '') => [
    Object.assign(document.createElement('dt'), { textContent: term }),
    Object.assign(document.createElement('dd'), { textContent: text, className }),
  ];
  $('receipt').querySelector('dl').replaceChildren(
    ...line('Promised', found.promised, 'large'),
    ...line('Paid', price, 'large'),
    ...line('Order', found.order),
    ...line('Rule', found.rule),
    ...line('Owner', found.owner),
    ...found.conditions.flatMap((one) => line('Condition held', one)),
    ...line('Price', found.price),
    ...line('Rulebook', found.rulebook),
  );
  $('receipt').querySelector('ol').replaceChildren(...found.steps.map(({ at, to }) => {
    const item = document.createElement('li');
    item.append(Object.assign(document.createElement('b'), { textContent: to }), at.slice(11, 23));
    return item;
  }));
  $('receipt').hidden = false;
}

/** Let the shoppers enter a shop that nobody has used: each story begins with the same facts. */
async function begin() {
  const first = await ask('/demo/story', {});
  if (first.shoppers) return first;
  scene(1, 'The shop starts anew.');
  await ask('/demo/reset', {});
  sessionStorage.clear();
  // The old server takes a moment to stop, and answers as before until then; the new one takes a moment to start.
  for (let tries = 0; tries < 50; tries++) {
    await rest(200);
    const begun = await ask('/demo/story', {}).catch(() => ({}));
    if (begun.shoppers) return begun;
  }
  throw new Trouble('The demo does not start again. Start it in its terminal, then press “Play again”.');
}

async function play() {
  run++;
  pause(false);
  for (const item of scenes) for (const text of item.querySelectorAll('p')) text.textContent = '';
  $('trouble').hidden = $('receipt').hidden = true;
  left.leave();
  right.leave();
  document.body.classList.add('playing');
  $('play').textContent = 'Start again';
  $('pause').hidden = false;
  try {
    const begun = await begin();
    sku = begun.sku;
    await silenceAndOffer(begun.shoppers);
    await ticket();
    const price = await lastPair(begun.shoppers);
    await paid(begun.shoppers, price);
    for (const item of scenes) item.className = 'done';
    document.body.classList.add('told');
  } catch (error) {
    if (error instanceof Replaced) return;
    $('trouble').hidden = false;
    document.body.classList.remove('playing');
    $('trouble').textContent = error instanceof Trouble ? error.message : `The story stopped: ${error.message}. Press “Play again”.`;
  }
  document.body.classList.remove('playing');
  $('pause').hidden = true;
  $('play').textContent = 'Play again';
  if (!$('receipt').hidden) $('receipt').focus();
  const last = $('trouble').hidden ? scenes.at(-1) : $('trouble');
  last.scrollIntoView({ block: 'nearest' });
}

function pause(wanted) {
  paused = wanted;
  $('pause').textContent = wanted ? 'Go on' : 'Pause';
  $('pause').ariaPressed = String(wanted);
}

$('play').onclick = play;
$('pause').onclick = () => pause(!paused);
