import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  OutcomeUnknownError,
  PATIENCE_MS,
  pathOf,
  RefusedError,
  TactfulClient,
} from '../src/index.js';

/** A transport that answers with the given statuses, answers or errors, and then with 200. */
class Script {
  sent = [];
  slept = [];
  now = 0;
  random = 1;

  constructor(...answers) {
    this.answers = answers;
  }

  async send(method, path, body) {
    this.sent.push({ method, path, body });
    const answer = this.answers.shift() ?? 200;
    if (answer instanceof Error) throw answer;
    return typeof answer === 'number' ? { status: answer, body: '{"code": "of.test"}' } : answer;
  }

  client() {
    return new TactfulClient(this, {
      clock: () => this.now,
      random: () => this.random,
      sleep: async (pause) => {
        this.slept.push(pause);
        this.now += pause;
      },
    });
  }
}

test('an unknown outcome is asked for again with growing pauses', async () => {
  const script = new Script(new OutcomeUnknownError('lost'), 500, 503, 429, 302);
  assert.deepEqual(await script.client().redeem({ order: 'o1' }), { code: 'of.test' });
  const request = { method: 'POST', path: '/v1/redemptions', body: { order: 'o1' } };
  assert.deepEqual(script.sent, Array(6).fill(request));
  assert.deepEqual(script.slept, [100, 200, 400, 800, 1600]);
});

test('a pause is shortened by chance, and by a half at most', async () => {
  const script = new Script(500, 500);
  script.random = 0;
  await script.client().ask('GET', '/x');
  assert.deepEqual(script.slept, [50, 100]);
});

test('the pause that a server asks for is kept', async () => {
  const script = new Script({ status: 429, body: '{}', retryAfter: 3 });
  script.random = 0;
  await script.client().ask('GET', '/x');
  assert.deepEqual(script.slept, [3000]);
});

test('patience ends and the outcome stays unknown', async () => {
  const script = new Script(...Array(50).fill(500));
  await assert.rejects(script.client().ask('GET', '/x'), /status 500/);
  assert.ok(script.now >= PATIENCE_MS - 2_000 && script.now < PATIENCE_MS);
});

test('without patience a request is sent once', async () => {
  const script = new Script(503);
  const asked = script.client().ask('GET', '/x', undefined, { patience: 0 });
  await assert.rejects(asked, OutcomeUnknownError);
  assert.equal(script.sent.length, 1);
});

for (const status of [400, 401, 403, 404, 409, 410, 413, 422]) {
  test(`a refusal with ${status} is final and names its code`, async () => {
    const script = new Script(status);
    await assert.rejects(script.client().ask('GET', '/x'), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.deepEqual([error.status, error.code], [status, 'of.test']);
      return true;
    });
    assert.equal(script.sent.length, 1);
  });
}

test('an error of the program is not repeated', async () => {
  const script = new Script(new RangeError('of the program'));
  await assert.rejects(script.client().ask('GET', '/x'), RangeError);
  assert.equal(script.sent.length, 1);
});

test('a refused key is told apart', () => {
  assert.equal(new RefusedError(401, 'key.wrong').isAboutTheKey, true);
  assert.equal(new RefusedError(409, 'redemption.used').isAboutTheKey, false);
});

test('an answer that is no JSON is an unknown outcome', async () => {
  const script = new Script({ status: 200, body: '<html>' });
  assert.deepEqual(await script.client().ask('GET', '/x'), { code: 'of.test' });
  assert.equal(script.sent.length, 2);
});

test('facts are reported in parts and rejections keep their place', async () => {
  const facts = Array.from({ length: 1_001 }, (_, number) => ({ sku: `${number}` }));
  const rejected = [{ index: 0, code: 'fact.invalid', message: 'no' }];
  const script = new Script(200, 200, { status: 200, body: JSON.stringify({ rejected }) });
  const found = await script.client().report(facts);
  assert.deepEqual(found, [{ index: 1_000, code: 'fact.invalid', message: 'no' }]);
  assert.deepEqual(
    script.sent.map(({ body }) => body.length),
    [500, 500, 1],
  );
});

test('all pages of redemptions are read, by order or by state', async () => {
  const page = (rows, next) => ({
    status: 200,
    body: JSON.stringify({ redemptions: rows, next }),
  });
  const script = new Script(page([{ order: 'a/b' }, 7], 'r-1'), page([{ order: 'o2' }], null), 200);
  const client = script.client();
  const found = await client.redemptions({ order: 'a/b' });
  assert.deepEqual(found, [{ order: 'a/b' }, { order: 'o2' }]);
  assert.deepEqual(await client.redemptions({ state: 'held' }), []);
  assert.deepEqual(
    script.sent.map(({ path }) => path),
    [
      '/v1/redemptions?order=a%2Fb',
      '/v1/redemptions?order=a%2Fb&after=r-1',
      '/v1/redemptions?state=held',
    ],
  );
});

test('an order id is one segment of the path', () => {
  assert.equal(pathOf('2026/17 b', 'confirm'), '/v1/redemptions/2026%2F17%20b/confirm');
});
