/**
 * A subscriber of Medusa that passes the names of events on to a Tactful server, signed as Standard
 * Webhooks says. The server reads what they are about by the Admin API.
 *
 * Copy it to `src/subscribers/`. Events are lost while the server is away; it compares its facts with
 * the lists of the shop every 15 minutes.
 */

'use strict';

const { createHmac } = require('node:crypto');

/** The ids by which the server finds what an event is about, where the event has only another one. */
const RELATED = {
  'inventory-level': { entity: 'inventory_level', field: 'inventory_item_id', as: 'inventory_item_id' },
  'reservation-item': { entity: 'reservation', field: 'inventory_item_id', as: 'inventory_item_id' },
  shipment: { entity: 'fulfillment', field: 'order.id', as: 'order_id' },
  delivery: { entity: 'fulfillment', field: 'order.id', as: 'order_id' },
};
const ATTEMPTS = 3;
const PATIENCE_MS = 5000;

/** The value at a path such as `order.id`. */
const at = (row, path) => path.split('.').reduce((found, name) => found?.[name], row);

/** The data of an event with the id that the server needs. */
async function dataOf(event, container) {
  const related = RELATED[event.name.split('.')[0]];
  if (!related) return event.data;
  const { data } = await container.resolve('query').graph({
    entity: related.entity,
    fields: ['id', related.field],
    filters: { id: event.data.id },
    withDeleted: true,
  });
  const found = at(data[0], related.field);
  return found ? { ...event.data, [related.as]: found } : event.data;
}

/** Send an event; several attempts have the same id, so that the server takes it once. */
async function send(event, data) {
  const body = JSON.stringify({ name: event.name, data, metadata: event.metadata });
  const id = [event.metadata?.eventGroupId ?? event.metadata?.created_at, event.name, event.data.id ?? data.order_id].join('.');
  const key = Buffer.from(process.env.TACTFUL_EVENTS_SECRET.replace(/^whsec_/, ''), 'base64');
  for (let attempt = 1; ; attempt += 1) {
    const stamp = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', key).update(`${id}.${stamp}.${body}`).digest('base64');
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(stamp),
      'webhook-signature': `v1,${signature}`,
    };
    try {
      const answer = await fetch(process.env.TACTFUL_EVENTS_URL, {
        method: 'POST', headers, body, signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (answer.ok) return;
      throw new Error(`it answered ${answer.status}`);
    } catch (error) {
      if (attempt === ATTEMPTS) {
        console.warn(`tactful: ${event.name} was not sent: ${error.message}`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
    }
  }
}

exports.default = async ({ event, container }) => {
  await send(event, await dataOf(event, container));
};
exports.config = {
  event: [
    'product.created', 'product.updated', 'product.deleted',
    'product-variant.created', 'product-variant.updated', 'product-variant.deleted',
    'inventory-level.created', 'inventory-level.updated', 'inventory-level.deleted',
    'reservation-item.created', 'reservation-item.updated', 'reservation-item.deleted',
    'order.placed', 'order.updated', 'order.canceled', 'order.completed',
    'order.fulfillment_created', 'order.fulfillment_canceled',
    'order.return_requested', 'order.return_received', 'order.claim_created', 'order-edit.confirmed',
    'shipment.created', 'delivery.created', 'payment.captured', 'payment.refunded',
    'customer.created', 'customer.updated',
  ],
};
