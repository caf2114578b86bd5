/** The button "Report now" of the settings page, on a page of fakes. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const SCRIPT = new URL('../../../server/bridges/woocommerce/assets/admin.js', import.meta.url);
const PANEL = new URL('../../../server/bridges/woocommerce/src/Admin/StatusPanel.php', import.meta.url);

/** Load the script into a page whose shop answers with the given statuses and bodies, in turn. */
function load(answers) {
  const page = { asked: [] };
  const parts = {
    'tactful-sync': { disabled: true, addEventListener: (_, heard) => { page.click = heard; } },
    'tactful-progress': { hidden: true },
    'tactful-said': { textContent: '' },
  };
  const document = { getElementById: (id) => parts[id] };
  const fetch = async (_, { body }) => {
    page.asked.push([body.get('kind'), body.get('page')].join(' '));
    page.wasDisabled = parts['tactful-sync'].disabled;
    const [status, found] = answers.shift();
    return { ok: status < 400, json: async () => found };
  };
  const window = { tactfulSync: { url: '/ajax', nonce: 'n', action: 'a' } };
  vm.runInNewContext(readFileSync(SCRIPT, 'utf8'), { window, document, fetch, URLSearchParams, Error });
  return Object.assign(page, { button: parts['tactful-sync'], said: parts['tactful-said'] });
}

const NONE = [200, { subjects: 0 }];

test('the button can be pressed as soon as its script listens, and not before', () => {
  assert.match(readFileSync(PANEL, 'utf8'), /id="tactful-sync" disabled>/);
  const { button, click } = load([]);
  assert.equal(typeof click, 'function');
  assert.equal(button.disabled, false);
});

test('a report goes through all kinds and pages, and says what was taken', async () => {
  const page = load([
    [200, { total: 3, kinds: ['product', 'order'] }],
    [200, { subjects: 2, reported: 4, rejected: [] }], NONE,
    [200, { subjects: 1, reported: 1, rejected: ['order.x: No.'] }], NONE,
  ]);
  await page.click();
  assert.deepEqual(page.asked, ['product 0', 'product 1', 'product 2', 'order 1', 'order 2']);
  assert.equal(page.said.textContent, '5 ✓  1 ✗  order.x: No.');
  assert.deepEqual([page.wasDisabled, page.button.disabled], [true, false]);
});

test('a failure is said, and the button can be pressed again', async () => {
  const page = load([[502, { message: 'Tactful does not answer.' }]]);
  await page.click();
  assert.equal(page.said.textContent, 'Tactful does not answer.');
  assert.equal(page.button.disabled, false);
});
