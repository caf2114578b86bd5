/** The shop's orders as the sweep reads them. */

import { OrderState } from '@tactful/checkout';
import { Order } from '@vendure/core';

import { usesOffer } from './offers.js';

const STATES = {
  Created: OrderState.ABANDONED,
  Draft: OrderState.ABANDONED,
  AddingItems: OrderState.ABANDONED,
  ArrangingPayment: OrderState.PENDING,
  Cancelled: OrderState.CANCELLED,
};

/** Implements `PlatformOrders`; an order is known by its code. */
export class VendureOrders {
  #connection;
  #ctx;

  /**
   * @param {import('@vendure/core').TransactionalConnection} connection
   * @param {import('@vendure/core').RequestContext} ctx
   */
  constructor(connection, ctx) {
    this.#connection = connection;
    this.#ctx = ctx;
  }

  async stateOf(code) {
    const order = await this.#order(code);
    if (!order) return OrderState.UNKNOWN;
    return STATES[order.state] ?? OrderState.PLACED;
  }

  async usesOffers(code) {
    const order = await this.#order(code, ['lines']);
    return Boolean(order?.lines.some(usesOffer));
  }

  #order(code, relations = []) {
    const rows = this.#connection.getRepository(this.#ctx, Order);
    return rows.findOne({ where: { code }, relations });
  }
}
