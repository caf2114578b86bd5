/** The states of one attempt to pay for an order, and the table of their transitions. */

/** Where an attempt stands. The values are stored by platforms and never change. */
export const AttemptState = Object.freeze({
  /** The hold was asked for, and its outcome is not known. */
  ASKED: 'asked',
  HELD: 'held',
  /** Tactful refused the hold; nothing is held. */
  REFUSED: 'refused',
  /** The order was placed; the outbox has the confirmation. */
  CONFIRMING: 'confirming',
  CONFIRMED: 'confirmed',
  /** The attempt was abandoned or its order cancelled; the outbox has the cancellation. */
  RELEASING: 'releasing',
  RELEASED: 'released',
  /** The hold ended by itself, without an order. */
  LAPSED: 'lapsed',
  /** The order was placed at the promised price, but Tactful does not count it as redeemed. */
  LOST: 'lost',
});

/** What can happen to an attempt. */
export const AttemptEvent = Object.freeze({
  HOLD_ANSWERED: 'hold_answered',
  HOLD_REFUSED: 'hold_refused',
  PLACED: 'placed',
  CONFIRM_ANSWERED: 'confirm_answered',
  CONFIRM_REFUSED: 'confirm_refused',
  ABANDONED: 'abandoned',
  RELEASE_ANSWERED: 'release_answered',
  EXPIRED: 'expired',
});

const S = AttemptState;
const E = AttemptEvent;

/** State → event → next state. An event that a state does not list changes nothing. */
export const TRANSITIONS = Object.freeze({
  [S.ASKED]: {
    [E.HOLD_ANSWERED]: S.HELD,
    [E.HOLD_REFUSED]: S.REFUSED,
    [E.PLACED]: S.CONFIRMING,
    [E.ABANDONED]: S.RELEASING,
    [E.EXPIRED]: S.LAPSED,
  },
  [S.HELD]: {
    [E.HOLD_ANSWERED]: S.HELD,
    [E.PLACED]: S.CONFIRMING,
    [E.ABANDONED]: S.RELEASING,
    [E.EXPIRED]: S.LAPSED,
  },
  [S.REFUSED]: { [E.PLACED]: S.LOST },
  [S.CONFIRMING]: {
    [E.CONFIRM_ANSWERED]: S.CONFIRMED,
    [E.CONFIRM_REFUSED]: S.LOST,
    [E.ABANDONED]: S.RELEASING,
  },
  [S.CONFIRMED]: { [E.ABANDONED]: S.RELEASING },
  // A confirmation that is answered now comes too late: the cancellation follows in the outbox.
  [S.RELEASING]: { [E.RELEASE_ANSWERED]: S.RELEASED, [E.PLACED]: S.LOST },
  [S.RELEASED]: { [E.PLACED]: S.LOST },
  // A payment may end after the hold. Tactful confirms it if nobody else has used the offer.
  [S.LAPSED]: { [E.PLACED]: S.CONFIRMING },
  // The sweep may find the hold at Tactful after all, and confirm it.
  [S.LOST]: { [E.ABANDONED]: S.RELEASING, [E.CONFIRM_ANSWERED]: S.CONFIRMED },
});

/** States in which neither an order nor its end is known. */
export const OPEN = Object.freeze([S.ASKED, S.HELD]);

/** Whether neither an order nor its end is known of an attempt. */
export const isOpen = (attempt) => OPEN.includes(attempt.state);

/** Return the state after an event; an event that means nothing in this state changes nothing. */
export const nextState = (state, event) => TRANSITIONS[state][event] ?? state;

/** Return an attempt after an event, without its request once it is not open any more. */
export function after(attempt, event) {
  const changed = { ...attempt, state: nextState(attempt.state, event) };
  // The request names the customer.
  return isOpen(changed) ? changed : { ...changed, request: {} };
}
