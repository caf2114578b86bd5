/** Requests to Shopify's GraphQL Admin API, at the pace that the shop's limit allows. */

export const API_VERSION = '2026-07';
const TRIES = 5;
const PAUSE_MS = 2000;

/** Shopify refused a request, or did not answer. */
export class ShopifyError extends Error {}

/** One shop's Admin API. */
export class AdminApi {
  /**
   * @param {string} shop the shop's own domain, such as `aero.myshopify.com`
   * @param {string} token an access token with the scopes `read_discounts` and `write_discounts`
   * @param {{fetch?: typeof fetch, sleep?: (ms: number) => Promise<void>}} [tools]
   */
  constructor(shop, token, { fetch = globalThis.fetch, sleep = pause } = {}) {
    if (!/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/.test(shop)) {
      throw new ShopifyError(
        `${shop} is no domain of a shop. Write one such as aero.myshopify.com.`,
      );
    }
    this.url = `https://${shop}/admin/api/${API_VERSION}/graphql.json`;
    this.headers = { 'content-type': 'application/json', 'x-shopify-access-token': token };
    this.fetch = fetch;
    this.sleep = sleep;
  }

  /**
   * Send a query or mutation, and return its data. A throttled request and a failing server are tried
   * again; nothing else is, because a mutation may have had its effect.
   *
   * @param {string} query
   * @param {Record<string, unknown>} variables
   */
  async request(query, variables) {
    const body = JSON.stringify({ query, variables });
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.fetch(this.url, { method: 'POST', headers: this.headers, body });
      const found = answer.ok ? await answer.json() : undefined;
      const isThrottled =
        answer.status === 429 ||
        found?.errors?.some?.((one) => one.extensions?.code === 'THROTTLED');
      if (isThrottled && attempt < TRIES) {
        await this.sleep(PAUSE_MS * attempt);
        continue;
      }
      if (!answer.ok) throw new ShopifyError(`Shopify answers ${answer.status}.`);
      if (found.errors?.length) throw new ShopifyError(found.errors.map(messageOf).join(' '));
      return found.data;
    }
  }
}

/** @param {{message: string}} error */
const messageOf = (error) => error.message;

/** @param {number} ms */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
