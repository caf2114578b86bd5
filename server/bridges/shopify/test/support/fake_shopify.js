/** Shopify's Admin API as its documentation describes it, for discounts with codes. */

export class FakeShopify {
  constructor({ failed = 0, userErrors = [], throttle = 0, status = 200, errors } = {}) {
    Object.assign(this, { failed, userErrors, throttle, status, errors });
    this.codes = [];
    this.batches = [];
    this.tokens = new Set();
    this.requests = 0;
    this.looks = 0;
    this.fetch = this.fetch.bind(this);
  }

  async fetch(_url, { headers, body }) {
    this.requests += 1;
    this.tokens.add(headers['x-shopify-access-token']);
    if (this.status !== 200) return { ok: false, status: this.status };
    if (this.throttle-- > 0) {
      return this.answer({ errors: [{ message: 'Slow.', extensions: { code: 'THROTTLED' } }] });
    }
    if (this.errors) return this.answer({ errors: this.errors });
    const { query, variables } = JSON.parse(body);
    return this.answer({ data: this.run(query, variables) });
  }

  answer(found) {
    return { ok: true, status: 200, json: async () => found };
  }

  run(query, { discount, id, codes }) {
    const { userErrors } = this;
    if (query.includes('discountCodeBasicCreate')) {
      this.discount = discount;
      this.codes.push(discount.code);
      const codeDiscountNode = { id: 'gid://shopify/DiscountCodeNode/1' };
      return { discountCodeBasicCreate: { codeDiscountNode, userErrors } };
    }
    if (query.includes('discountRedeemCodeBulkAdd')) {
      this.codes.push(...codes.map((one) => one.code));
      this.batches.push(codes.length);
      return { discountRedeemCodeBulkAdd: { bulkCreation: { id: codes.length }, userErrors } };
    }
    // The first look finds it under way.
    const done = this.looks++ % 2 === 1;
    const importedCount = id - this.failed;
    return { discountRedeemCodeBulkCreation: { done, importedCount, failedCount: this.failed } };
  }
}
