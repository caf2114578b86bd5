/** One HTTP request to the Tactful server, with bounds on time and size. */

import { OutcomeUnknownError } from './errors.js';

/** Bytes of the longest answer that is read. */
export const LARGEST = 4 * 1024 * 1024;
/** Milliseconds for one request and its answer. A server answers in a few. */
export const TIMEOUT_MS = 3_000;

/** Requests over HTTP or HTTPS; redirects are not followed. */
export class HttpTransport {
  #prefix;
  #headers;
  #timeout;
  #fetch;

  /**
   * @param {string} url the server's address, such as `https://offers.shop.example`
   * @param {string} serverKey the server key, or a token with the scopes `redeem` and `facts:write`
   * @param {{timeout?: number, fetch?: typeof fetch}} [options] milliseconds for one request, and
   *   what sends it
   * @throws {TypeError} `url` is no http(s) address
   */
  constructor(url, serverKey, { timeout = TIMEOUT_MS, fetch: send = fetch } = {}) {
    const parsed = parse(url);
    if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
      throw new TypeError(`'${url}' is no address of a Tactful server. Use https://HOST.`);
    }
    this.#prefix = parsed.origin + parsed.pathname.replace(/\/+$/, '');
    this.#headers = {
      Authorization: `Bearer ${serverKey}`,
      'Content-Type': 'application/json',
      'User-Agent': 'tactful-checkout',
    };
    this.#timeout = timeout;
    this.#fetch = send;
  }

  /**
   * Send a request with a JSON body, or with none.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<import('./index').Response>}
   * @throws {OutcomeUnknownError} no complete answer came
   */
  async send(method, path, body) {
    const request = {
      method,
      headers: this.#headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: /** @type {const} */ ('manual'),
      signal: AbortSignal.timeout(this.#timeout),
    };
    try {
      const answer = await this.#fetch(this.#prefix + path, request);
      const wait = answer.headers.get('Retry-After') ?? '';
      return {
        status: answer.status,
        body: await textOf(answer),
        retryAfter: /^\d+$/.test(wait) ? Number(wait) : null,
      };
    } catch (error) {
      const why = error.cause?.code ?? error.message;
      throw new OutcomeUnknownError(`${method} ${path}: no answer (${why}).`, { cause: error });
    }
  }
}

function parse(url) {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

async function textOf(answer) {
  const parts = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > LARGEST) throw new Error(`the answer has more than ${LARGEST} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
