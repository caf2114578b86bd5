/** Port: attempts and the outbox, kept in the platform's own database. */

/** What an entry of the outbox asks Tactful for. The values are stored and never change. */
export const EntryKind = Object.freeze({
  CONFIRM: 'confirm',
  CANCEL: 'cancel',
  REFUND: 'refund',
  FACTS: 'facts',
});

/**
 * Return an entry that is not stored yet.
 *
 * @param {string} kind one of `EntryKind`
 * @param {string} subject the order's id, or what the facts are about
 * @param {object} [body] the JSON body; empty for facts, which are read when they are sent
 * @param {number} [attempt] the attempt that the answer concerns; 0: all of the order, or none
 */
export const outboxEntry = (kind, subject, body = {}, attempt = 0) => ({
  kind,
  subject,
  body,
  attempt,
  id: 0,
  tries: 0,
});
