/** Panel beside the demo shop: carries out its buttons, and shows the state of Tactful. */

const LOOK_MS = 700;
const NARROW = matchMedia('(max-width: 56rem)');

const $ = (id) => document.getElementById(id);
const frame = $('shop');
const files = JSON.parse($('files').textContent);
const editor = $('edit');
let seen = {};
let asking = 0;
/** The demo that answers; a reset starts another one. */
let here = '';
let resetting = false;

/** @param {string} name @param {Record<string, any>} [props] @param {...(Node | string)} parts */
function el(name, props = {}, ...parts) {
  const node = Object.assign(document.createElement(name), props);
  node.append(...parts);
  return node;
}

const euros = (cents) => `€${(cents / 100).toFixed(2)}`;
const clockOf = (at) => new Date(at).toLocaleTimeString('en-GB');
const dayOf = (at) => new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** Return a duration in its largest unit. */
function ahead(seconds) {
  const [unit, size] = [['days', 86400], ['h', 3600], ['min', 60], ['s', 1]].find(([, one]) => seconds >= one);
  return `${Math.floor(seconds / size)} ${unit === 'days' && seconds < 172800 ? 'day' : unit}`;
}

/** Return a gate's actual or needed value in words. */
function plain(value) {
  if (value === null || value === undefined) return 'nothing';
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return dayOf(value);
  if (Array.isArray(value)) return value.map(plain).join(', ');
  if (value.currency) return `${(value.amount / 100).toFixed(2)} ${value.currency}`;
  if (typeof value === 'object') return Object.entries(value).map(([k, v]) => `${k} ${plain(v)}`).join(', ');
  return String(value);
}

async function post(path, body) {
  const answer = await fetch(`/demo/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const found = await answer.json();
  $('said').textContent = answer.ok ? 'Done.' : found.detail;
  if (found.sent || !answer.ok) {
    $('sent').hidden = false;
    $('sent').textContent = found.sent
      ? `POST /v1/facts\n${found.sent.map((fact) => JSON.stringify(fact)).join('\n')}`
      : found.detail;
  }
  look();
  return found;
}

/** Return the widget's session, which is stored where the shopper's consent allows it. */
function session() {
  for (const place of [sessionStorage, localStorage]) {
    const kept = place.getItem('tactful');
    if (kept) return JSON.parse(kept).session;
  }
  return '';
}

const shown = () => frame.contentDocument?.querySelector('[data-sku]')?.dataset.sku ?? '';

async function look() {
  clearTimeout(asking);
  if (!document.hidden) {
    try {
      const query = new URLSearchParams({ session: session(), sku: shown() });
      draw(await (await fetch(`/demo/state?${query}`)).json());
    } catch {
      $('who').textContent = 'The demo does not respond. Check that it is still running.';
    }
  }
  clearTimeout(asking);
  asking = setTimeout(look, LOOK_MS);
}

/** Draw a part only when it has changed, so that focus, selections and open details stay. */
function when(name, value, paint) {
  const text = JSON.stringify(value ?? null);
  if (seen[name] === text) return;
  seen[name] = text;
  paint(value);
}

function draw(state) {
  if (resetting) return;
  here = state.demo;
  const skipped = state.skipped ? `, ${ahead(state.skipped)} ahead` : '';
  $('clock').textContent = `${dayOf(state.now)}${skipped}`;
  const who = state.shopper ?? (state.session ? 'Somebody' : '');
  when('who', who, () => {
    $('who').textContent = who ? `${who} is in the shop.` : 'Waiting for a shopper.';
  });
  when('why', state.why, drawWhy);
  when('subject', [state.item?.sku, !!state.why], () => {
    const { item } = state;
    $('subject').hidden = !!state.why?.length;
    $('subject').textContent = item ? 'The widget has not connected yet.' : 'Open a product in the shop.';
    if (item) $('h-why').textContent = `Why: ${item.title}, ${item.size}`;
    else $('h-why').textContent = 'Why';
  });
  // The instructions close when the visitor opens a product.
  when('begun', !!state.item, (begun) => begun && $('try').removeAttribute('open'));
  when('decisions', state.decisions, drawDecisions);
  when('item', state.item, drawItem);
  when('customer', state.customer, () => {
    $('anonymous').hidden = !!state.customer;
    $('complain').hidden = !state.customer;
    $('complain').dataset.customer = state.customer ?? '';
  });
  when('cases', state.cases, drawCases);
  when('rules', state.rules, drawRules);
  when('budgets', state.budgets, drawBudgets);
}

/** Outcome of a rule at the shopper's next signal → label. */
const OUTCOMES = {
  pushed: 'offered at the next click',
  standing: 'standing',
  withheld: 'withheld',
  held_out: 'held out',
  shadow: 'shadow',
};

/** Rules for other items, and for customers who are logged in, share one line: they say little here. */
const elsewhere = ({ reason }) => ['target.conditions', 'consent.missing'].includes(reason);

function drawWhy(verdicts) {
  const open = new Set([...$('why').querySelectorAll('[open]')].map((node) => node.dataset.rule));
  const focused = document.activeElement?.closest?.('#why details')?.dataset.rule;
  const first = !$('why').children.length;
  const here = (verdicts ?? []).filter((one) => !elsewhere(one));
  const others = (verdicts ?? []).filter(elsewhere);
  const rows = here.map((one, at) => verdictRow(one, open.has(one.rule) || (first && !at)));
  if (others.length) {
    const count = others.length === 1 ? '1 rule is' : `${others.length} rules are`;
    const inner = el('ol', {}, ...others.map((one) => verdictRow(one, open.has(one.rule))));
    const rest = el('details', { open: open.has('*') }, el('summary', {}, `${count} for other items or shoppers`), inner);
    rest.dataset.rule = '*';
    rows.push(el('li', { className: 'others' }, rest));
  }
  $('why').replaceChildren(...rows);
  if (focused) $('why').querySelector(`[data-rule="${CSS.escape(focused)}"] > summary`)?.focus();
}

function verdictRow({ rule, outcome, reason, words, gates }, open) {
  const className = outcome === 'withheld' ? '' : 'up';
  const said = el('span', { className: outcome }, OUTCOMES[outcome]);
  const head = [el('b', {}, rule), said, reason ? el('code', {}, reason) : '', words ? el('small', {}, `${words}.`) : ''];
  if (!gates.length) return el('li', { className }, el('div', { className: 'head' }, ...head));
  const details = el('details', { open }, el('summary', {}, ...head), gateList(gates));
  details.dataset.rule = rule;
  return el('li', { className }, details);
}

const gateList = (gates) =>
  el('ul', { className: 'gates' }, ...gates.map((gate) =>
    el('li', {}, el('code', {}, gate.reason),
      el('small', {}, `is: ${plain(gate.actual)}`),
      gate.needed == null ? '' : el('small', {}, `needs: ${plain(gate.needed)}`),
      el('small', {}, `would change if: ${gate.change}`))));

function drawDecisions(steps) {
  const rows = steps.map(({ at, to, reason, title, price, rule }) =>
    el('li', {}, el('time', { dateTime: at }, clockOf(at)),
      el('span', {}, el('b', { className: to }, to), ` ${title} ${euros(price)} `,
        reason ? el('code', {}, reason) : el('span', { className: 'dim' }, rule))));
  $('decisions').replaceChildren(...(rows.length ? rows : [el('li', { className: 'dim' }, 'None yet.')]));
}

function drawItem(item) {
  $('item').hidden = !item;
  $('nothing').hidden = !!item;
  if (!item) return;
  const { sku, size, stock } = item;
  $('stock').textContent = `Size ${size}: ${stock > 0 ? `${stock} available` : 'none left'}`;
  $('sell').textContent = stock > 1 ? `Sell all ${stock}` : 'Sell the last pair';
  $('sell').disabled = stock < 1;
  const field = $('reprice').elements.price;
  if (document.activeElement !== field) field.value = (item.price / 100).toFixed(2);
  for (const id of ['sell', 'restock', 'reprice', 'complain']) $(id).dataset.sku = sku;
}

function drawCases(cases) {
  const rows = cases.map(({ case: id, kind, about }) => {
    const resolve = el('button', { type: 'button' }, 'Resolve');
    const voucher = el('button', { type: 'button' }, 'Send €10 voucher');
    resolve.onclick = () => post('resolve', { case: id });
    voucher.onclick = () => post('apologise', { case: id });
    return el('li', {}, el('span', {}, `${id}: ${kind.replace('_', ' ')}, ${about ?? 'everything'}`), resolve, voucher);
  });
  $('cases').replaceChildren(...rows);
}

const STANDING = 'Rules with on_change: withdraw take their standing offers back. “New shopper” shows the effect.';

function drawRules(rules) {
  const rows = rules.map(({ rule, paused }) => {
    const button = el('button', { type: 'button' }, paused ? 'Resume' : 'Pause');
    button.onclick = async () => {
      await post('pause', { rule, paused: !paused });
      if (!paused) $('said').textContent = `${rule} makes no new offers. ${STANDING}`;
    };
    button.ariaLabel = `${paused ? 'Resume' : 'Pause'} ${rule}`;
    return el('li', {}, el('span', {}, rule, paused ? el('span', { className: 'dim' }, ' paused') : ''), button);
  });
  $('rules').replaceChildren(...rows);
}

const drawBudgets = (budgets) =>
  $('budgets').replaceChildren(...budgets.map(({ campaign, limit, reserved, settled }) =>
    el('li', { className: 'dim' }, `Campaign ${campaign}: ${euros(reserved)} reserved, ${euros(settled)} spent of ${euros(limit)}`)));

const openFile = () => {
  editor.elements.text.value = files[editor.elements.name.value];
};

for (const id of ['sell', 'restock']) {
  $(id).onclick = ({ target }) => post(id, { sku: target.dataset.sku });
}
editor.elements.name.onchange = openFile;
editor.onsubmit = async (event) => {
  event.preventDefault();
  const [name, text] = [editor.elements.name.value, editor.elements.text.value];
  files[name] = text;
  const { taken, version, report } = await post('rules', { name, text });
  $('version').textContent = taken ? `Rulebook ${version.slice(0, 12)} is active. ${STANDING}` : 'The files have errors. The previous rulebook stays active.';
  $('findings').hidden = !report;
  $('findings').textContent = report;
};
$('reprice').onsubmit = (event) => {
  event.preventDefault();
  const amount = Math.round(Number(event.target.elements.price.value.replace(',', '.')) * 100);
  post('price', { sku: event.target.dataset.sku, amount });
};
$('complain').onsubmit = (event) => {
  event.preventDefault();
  const { sku, customer } = event.target.dataset;
  post('complain', { sku, customer, kind: event.target.elements.kind.value });
};
$('skips').onclick = ({ target }) => {
  if (target.value) post('clock', { by: target.value });
};
$('anew').onclick = async () => {
  // As another browser would: not logged in, with an empty cart and a session of its own.
  const page = shown() ? frame.contentWindow.location.href : '/shop/';
  frame.src = 'about:blank';
  await fetch('/shop/logout', { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  sessionStorage.removeItem('tactful');
  sessionStorage.removeItem('tactful.kept');
  frame.src = page;
};
$('reset').onclick = async () => {
  resetting = true;
  await post('reset', {});
  $('who').textContent = 'The demo restarts.';
  localStorage.removeItem('tactful');
  sessionStorage.clear();
  // The old server takes a moment to stop, and answers as before until then; the new one takes a moment to start.
  for (;;) {
    await new Promise((done) => setTimeout(done, 400));
    const now = await fetch('/demo/state').then((answer) => answer.json(), () => null);
    if (now && now.demo !== here) break;
  }
  location.reload();
};

const fold = (folded) => {
  document.body.classList.toggle('folded', folded);
  $('fold').ariaExpanded = String(!folded);
  sessionStorage.setItem('folded', folded ? '1' : '');
};
$('fold').onclick = () => fold(!document.body.classList.contains('folded'));
fold((sessionStorage.getItem('folded') ?? (NARROW.matches ? '1' : '')) === '1');

// After a reload of the whole page the shop shows the same page again.
const last = sessionStorage.getItem('page');
if (last?.startsWith('/shop/')) frame.src = last;
frame.addEventListener('load', () => {
  const { pathname, search } = frame.contentWindow.location;
  if (pathname.startsWith('/shop/')) sessionStorage.setItem('page', pathname + search);
  look();
});
document.addEventListener('visibilitychange', look);
openFile();
look();
