/** Level of consent: none, this visit, or the customer's history; read from the page's consent tools. */

import { bare, guard, later, listen } from './guard.js';
import { at, own } from './json.js';

/** @typedef {'none' | 'anonymous' | 'personal'} Consent */

/** Interval at which systems are read that appear, or change, without an event. */
const LOOK_MS = 1_000;
const LEVELS = /** @type {Consent[]} */ (['none', 'anonymous', 'personal']);

/** @param {any} history @param {any} visit what is allowed @returns {number} an index of LEVELS */
const level = (history, visit) => (history ? 2 : visit ? 1 : 0);

/**
 * Google Consent Mode v2 has no getter: its commands in the data layer are all there is.
 * @param {Record<string, string>} state what earlier commands said; changed here
 * @param {any} said the latest command's fields
 * @param {boolean} [isDefault] whether it speaks for shoppers who have not chosen: of several
 *   defaults the most restrictive counts, and no grant for some regions, as nobody here knows the
 *   shopper's region
 */
export function readGoogle(state, said, isDefault) {
  const region = own(said, 'region');
  for (const [key, value] of Object.entries(said)) {
    // A choice is kept beside the defaults: one that comes late does not undo it.
    if (!isDefault && !region) state[`+${key}`] = value;
    else if (value === 'denied' || !(region || state[key])) state[key] = value;
  }
  const granted = (/** @type {string} */ key) => (state[`+${key}`] ?? state[key]) === 'granted';
  return level(
    granted('personalization_storage') || granted('ad_personalization'),
    granted('functionality_storage') || granted('analytics_storage'),
  );
}

/**
 * IAB TCF 2.2: act once the choice is known, not while the dialogue is open.
 * @param {any} data
 */
export function readTcf({ gdprApplies, eventStatus, purpose }) {
  if (gdprApplies === false) return 2;
  if (!/tcloaded|useractioncomplete/.test(eventStatus)) return;
  const may = purpose?.consents ?? {};
  // Purpose 1 is storage; 5 and 6 are personalised content.
  return level(may[1] && may[5] && may[6], may[1]);
}

/** @param {any} may `Shopify.customerPrivacy` */
export const readShopify = (may) =>
  level(
    may.preferencesProcessingAllowed() || may.marketingAllowed(),
    may.analyticsProcessingAllowed(),
  );

/** @param {(category: string) => boolean} has */
export const readWordPress = (has) =>
  level(has('preferences') || has('marketing'), has('statistics'));

/**
 * @param {() => any} setting auto, ask, none, anonymous or personal
 * @param {() => void} changed
 */
export function createConsent(setting, changed) {
  /** @type {any} the shop's own call */
  let called;
  /** @type {Map<string, number>} each system that is there, and its latest word */
  const said = new Map();
  /** @type {Record<string, string>} */
  const google = bare({});
  /** @type {any} the TCF interface that is listened to */
  let tcf;
  let timer = 0;

  /** @param {string} system @param {number} [value] nothing when it has not answered */
  const hear = (system, value) => {
    said.set(system, value ?? said.get(system) ?? 0);
    changed();
  };
  // Systems load late, replace their stub, and do not all dispatch an event on a change.
  const look = guard(() => {
    clearTimeout(timer);
    timer = later(LOOK_MS, look);
    const { __tcfapi, wp_has_consent, Shopify } = /** @type {any} */ (window);
    if (__tcfapi && __tcfapi !== tcf) {
      tcf = __tcfapi;
      hear('tcf');
      tcf(
        'addEventListener',
        2,
        guard((data) => hear('tcf', readTcf(data))),
      );
    }
    // A system that throws counts as one that has not answered.
    if (wp_has_consent) hear('wp', guard(readWordPress)(wp_has_consent));
    const privacy = at('customerPrivacy', Shopify);
    if (privacy) hear('shopify', guard(readShopify)(privacy));
    else if (at('loadFeatures', Shopify) && !said.has('shopify')) {
      hear('shopify');
      Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], look);
    }
  });
  listen('visitorConsentCollected wp_listen_for_consent_change', look);

  const gpc = () => /** @type {any} */ (navigator).globalPrivacyControl === true;

  return {
    look,
    gpc,
    /** @param {any} entry of the data layer */
    heardLayer(entry) {
      if (own(entry, '0') !== 'consent') return;
      hear('google', readGoogle(google, own(entry, '2'), own(entry, '1') === 'default'));
    },
    /** @param {any} value a level */
    call(value) {
      called = value;
      changed();
    },
    /** @returns {[Consent, string]} the level and who says so */
    now() {
      if (LEVELS.includes(called)) return [called, 'call'];
      const set = setting();
      const fixed = LEVELS.indexOf(set);
      // The most restrictive of several systems counts. Without any, the level is anonymous; with
      // `ask` it is none.
      const value =
        fixed < 0 ? Math.min(...(said.size ? said.values() : [set === 'ask' ? 0 : 1])) : fixed;
      const source = fixed < 0 ? [...said.keys()].join() || set || 'default' : 'setting';
      return gpc() && value > 1 ? ['anonymous', `${source},gpc`] : [LEVELS[value], source];
    },
  };
}
