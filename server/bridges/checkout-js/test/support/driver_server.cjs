/** Serves the verbs of a test driver, and prints the address. */

'use strict';

const { createServer } = require('node:http');

/** @param {Record<string, (body: object) => Promise<object>>} verbs */
function serveDriver(verbs) {
  const server = createServer(async (request, response) => {
    const answer = (status, body) =>
      response.writeHead(status, { Connection: 'close' }).end(JSON.stringify(body));
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const verb = verbs[request.url.slice(1)];
    if (!verb) return answer(501, {});
    try {
      return answer(200, await verb(JSON.parse(Buffer.concat(chunks).toString() || '{}')));
    } catch (error) {
      return answer(500, { error: error.stack });
    }
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
  });
}

module.exports = { serveDriver };
