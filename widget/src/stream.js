/** The same messages over server-sent events and POST, where WebSockets are blocked. */

import { parse } from './json.js';

const LOST = 1006;

/**
 * @param {string} url http or https, of the session endpoint
 * @param {import('./socket.js').Ends} ends
 * @returns {import('./socket.js').Wire}
 */
export function openStream(url, ends) {
  const abort = new AbortController();
  let open = true;
  let address = '';
  /** @type {string[]} */
  let waiting = [];
  let posting = false;

  /** @param {number} code */
  const end = (code) => {
    if (!open) return;
    open = false;
    abort.abort();
    ends.close(code);
  };
  /** @type {(to: string, init: any) => Promise<Response>} */
  const request = (to, init) =>
    fetch(to, { __proto__: null, credentials: 'omit', cache: 'no-store', ...init });

  /** One request at a time, so that messages arrive in order. */
  const post = async () => {
    if (posting || !address || !waiting.length || !open) return;
    posting = true;
    const body = `[${waiting.join()}]`;
    waiting = [];
    try {
      // A last word (a refused consent, say) still arrives when the stream is closed behind it.
      const { ok } = await request(address, { method: 'POST', body, keepalive: true });
      posting = false;
      if (ok) post();
      else end(LOST);
    } catch {
      end(LOST);
    }
  };

  /** @param {string} text the data of one event */
  const event = (text) => {
    const message = parse(text);
    if (message.t === 'stream') {
      address = `${url}/stream/${encodeURIComponent(message.stream)}`;
      ends.open();
    } else if (message.t === 'closed') end(message.code);
    else ends.message(text);
  };

  const read = async () => {
    try {
      const { ok, status, body } = await request(`${url}/stream`, {
        signal: abort.signal,
        headers: { __proto__: null, Accept: 'text/event-stream' },
      });
      if (!ok || !body) return end(status === 403 ? 4403 : LOST);
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      while (open) {
        const { done, value } = await reader.read();
        if (done) break;
        const events = (rest + value).split(/\r?\n\r?\n/);
        rest = /** @type {string} */ (events.pop());
        for (const lines of events) {
          const data = lines.split(/\r?\n/).filter((line) => line.startsWith('data:'));
          if (data.length && open) event(data.map((line) => line.slice(5).trim()).join('\n'));
        }
      }
    } catch {
      // Aborted or cut: either way there is no stream any more.
    }
    end(LOST);
  };
  read();

  return {
    send(texts) {
      waiting.push(...texts);
      post();
    },
    close() {
      open = false;
      abort.abort();
    },
  };
}
