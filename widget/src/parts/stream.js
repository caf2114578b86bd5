/** The same messages over server-sent events and POST, where WebSockets are blocked. */

import { bare } from '../guard.js';
import { parse } from '../json.js';

const LOST = 1006;

/**
 * @param {string} url http or https, of the session endpoint
 * @param {import('../socket.js').Ends} ends
 * @param {typeof import('../guard.js').guard} guard the one that notes faults for `doctor`
 * @returns {import('../socket.js').Wire}
 */
export function openStream(url, ends, guard) {
  const source = new EventSource(`${url}/stream`);
  let address = '';
  /** @type {string[]} */
  let waiting = [];
  let posting = false;

  const close = () => source.close();
  /** @param {number} code */
  const end = (code) => {
    close();
    ends.close(code);
  };

  /** One request at a time, so that messages arrive in order. */
  const post = () => {
    if (posting || !waiting.length) return;
    posting = true;
    const body = `[${waiting}]`;
    waiting = [];
    // What is on its way arrives, also when the page goes.
    const options = bare({ method: 'POST', body, keepalive: true });
    fetch(address, options).then(
      ({ ok }) => {
        posting = false;
        if (ok) post();
        else end(LOST);
      },
      () => end(LOST),
    );
  };

  source.onmessage = guard(({ data }) => {
    const message = parse(data);
    if (message.t === 'stream') {
      address = `${url}/stream/${message.stream}`;
      ends.open();
    } else if (message.t === 'closed') end(message.code);
    else ends.message(data);
  });
  // By itself it would come back without a `hello`: the session decides when.
  source.onerror = () => end(LOST);
  return {
    send(texts) {
      waiting.push(...texts);
      post();
    },
    close,
  };
}
