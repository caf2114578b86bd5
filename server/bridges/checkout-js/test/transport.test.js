import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { HttpTransport, OutcomeUnknownError } from '../src/index.js';
import { LARGEST } from '../src/transport.js';

/** Milliseconds that a loaded machine does not need. */
const PATIENT = { timeout: 60_000 };

/** Run a server for one check: `handle` answers, and `check` gets its address. */
async function serving(handle, check) {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await check(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a request has the key and a JSON body, under the path of the address', async () => {
  const seen = [];
  const answer = async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    seen.push([
      method,
      url,
      headers.authorization,
      headers['content-type'],
      `${Buffer.concat(parts)}`,
    ]);
    response.writeHead(429, { 'Retry-After': '7' }).end('{"a": "ä"}');
  };
  await serving(answer, async (url) => {
    const sent = await new HttpTransport(`${url}/tactful/`, 'key', PATIENT).send('POST', '/v1/x', {
      sku: 'Ä',
    });
    assert.deepEqual(sent, { status: 429, body: '{"a": "ä"}', retryAfter: 7 });
  });
  const wanted = ['POST', '/tactful/v1/x', 'Bearer key', 'application/json', '{"sku":"Ä"}'];
  assert.deepEqual(seen, [wanted]);
});

test('a redirect is not followed', async () => {
  const answer = (_, response) => response.writeHead(302, { Location: '/other' }).end();
  await serving(answer, async (url) => {
    assert.equal((await new HttpTransport(url, 'key', PATIENT).send('GET', '/x')).status, 302);
  });
});

const FAILURES = {
  'a connection that breaks off before the answer': (_, response) => response.destroy(),
  'an answer that breaks off': (_, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('{"state"', () => response.destroy());
  },
  'an answer that never comes': () => {},
  'an answer without an end': (_, response) => {
    const pour = () => {
      while (response.writable && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', pour);
    pour();
  },
};

for (const [name, handle] of Object.entries(FAILURES)) {
  test(`${name} is an unknown outcome`, async () => {
    await serving(handle, async (url) => {
      const options = name.includes('never comes') ? { timeout: 100 } : PATIENT;
      const transport = new HttpTransport(url, 'key', options);
      await assert.rejects(transport.send('GET', '/x'), OutcomeUnknownError);
    });
  });
}

test('a server that is not there is an unknown outcome', async () => {
  const transport = new HttpTransport('http://127.0.0.1:1', 'key', PATIENT);
  await assert.rejects(transport.send('GET', '/x'), /no answer/);
  assert.ok(LARGEST > 0);
});

for (const url of ['offers.shop.example', 'ftp://shop.example', '']) {
  test(`'${url}' is no address of a server`, () => {
    assert.throws(() => new HttpTransport(url, 'key'), /is no address of a Tactful server/);
  });
}
