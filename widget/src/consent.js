/** How much the shopper allows: nothing, this visit, or her history; from whoever asked her. */

import { guard, listen } from './guard.js';
import { own } from './json.js';

/** @typedef {'none' | 'anonymous' | 'personal'} Consent */

/** @param {any} yes what allows history @param {any} some what allows at least this visit @returns {Consent} */
const level = (yes, some) => (yes ? 'personal' : some ? 'anonymous' : 'none');

/**
 * Google Consent Mode v2 has no getter: its commands in the data layer are all there is.
 * @param {Record<string, string>} state what earlier commands said; changed here
 * @param {any} entry of the data layer
 * @returns {Consent | undefined}
 */
export function readGoogle(state, entry) {
  if (own(entry, '0') !== 'consent' || !/^(default|update)$/.test(own(entry, '1'))) return;
  const said = own(entry, '2');
  // A default for some regions only is not for everyone, and where we are nobody here knows.
  if (own(said, 'region')) return;
  for (const key of Object.keys(said ?? {})) state[key] = said[key];
  const granted = (/** @type {string} */ key) => state[key] === 'granted';
  return level(
    granted('personalization_storage') || granted('ad_personalization'),
    granted('functionality_storage') || granted('analytics_storage'),
  );
}

/**
 * IAB TCF 2.2: act once the shopper's choice is known, not while the dialogue is open.
 * @param {any} data
 * @returns {Consent | undefined}
 */
export function readTcf(data) {
  if (data?.gdprApplies === false) return 'personal';
  if (!/^(tcloaded|useractioncomplete)$/.test(data?.eventStatus)) return;
  const may = data.purpose?.consents ?? {};
  // Purpose 1 is storage; 5 and 6 are personalised content.
  return level(may[1] && may[5] && may[6], may[1]);
}

/** @param {any} privacy `Shopify.customerPrivacy`, or what its event says @returns {Consent} */
export function readShopifyPrivacy(privacy) {
  const may = (/** @type {string} */ method, /** @type {string} */ field) =>
    typeof privacy[method] === 'function' ? privacy[method]() : privacy[field];
  return level(
    may('preferencesProcessingAllowed', 'preferencesAllowed') ||
      may('marketingAllowed', 'marketingAllowed'),
    may('analyticsProcessingAllowed', 'analyticsAllowed'),
  );
}

/** @param {(category: string) => boolean} has @returns {Consent} */
export const readWordPress = (has) =>
  level(has('preferences') || has('marketing'), has('statistics') || has('statistics-anonymous'));

/**
 * @param {() => string} setting auto, none, anonymous or personal
 * @param {() => void} changed
 */
export function createConsent(setting, changed) {
  /** @type {Consent | undefined} the shop's own call */
  let called;
  /** @type {Map<string, Consent>} what each system said, the latest word of each */
  const said = new Map();
  /** @type {Set<string>} systems that are there, and have perhaps said nothing yet */
  const present = new Set();
  /** @type {Record<string, string>} */
  const google = Object.create(null);

  /** @param {string} system @param {Consent | undefined} value */
  const hear = (system, value) => {
    present.add(system);
    if (!value || said.get(system) === value) return;
    said.set(system, value);
    changed();
  };

  const wordpress = () => {
    const has = own(window, 'wp_has_consent');
    if (typeof has === 'function') hear('wp', readWordPress(has));
  };
  const shopify = () => {
    const shop = own(window, 'Shopify');
    const privacy = own(shop, 'customerPrivacy');
    if (privacy) hear('shopify', readShopifyPrivacy(privacy));
    else if (typeof own(shop, 'loadFeatures') === 'function' && !present.has('shopify')) {
      present.add('shopify');
      shop.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], guard(shopify));
    }
  };
  listen(document, 'visitorConsentCollected', ({ detail }) =>
    hear('shopify', readShopifyPrivacy(detail ?? {})),
  );
  listen(document, 'wp_listen_for_consent_change wp_consent_type_defined', wordpress);

  const gpc = () => /** @type {any} */ (navigator).globalPrivacyControl === true;

  return {
    /** @param {any} entry */
    heardLayer: (entry) => {
      if (own(entry, '0') === 'consent') hear('google', readGoogle(google, entry));
    },
    /** Looks for the systems that are on the page by now. */
    look() {
      const tcf = own(window, '__tcfapi');
      if (typeof tcf === 'function' && !present.has('tcf')) {
        present.add('tcf');
        tcf(
          'addEventListener',
          2,
          guard(
            (/** @type {any} */ data, /** @type {any} */ ok) => ok && hear('tcf', readTcf(data)),
          ),
        );
      }
      wordpress();
      shopify();
    },
    /** @param {any} value a level, or `{personalise: boolean}` */
    call(value) {
      const personalise = own(value, 'personalise');
      const wanted = personalise === undefined ? value : personalise ? 'personal' : 'anonymous';
      if (!/^(none|anonymous|personal)$/.test(wanted)) return;
      called = wanted;
      changed();
    },
    gpc,
    /** @returns {[Consent, string]} the level and who says so */
    now() {
      if (called) return [called, 'call'];
      const fixed = setting();
      const levels = /** @type {Consent[]} */ (['none', 'anonymous', 'personal']);
      /** @type {[Consent, string]} */
      let [value, source] = ['anonymous', 'default'];
      if (levels.includes(/** @type {Consent} */ (fixed)))
        [value, source] = [/** @type {Consent} */ (fixed), 'setting'];
      else if (present.size) {
        // Several systems: the most cautious counts; one that has not answered yet says no.
        const all = [...present].map((system) => said.get(system) ?? 'none');
        value = levels[Math.min(...all.map((one) => levels.indexOf(one)))];
        source = [...present].join('+');
      }
      return gpc() && value === 'personal' ? ['anonymous', `${source}, gpc`] : [value, source];
    },
  };
}
