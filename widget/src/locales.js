/** The card's own words, by language; a shop adds or changes some through the `strings` setting. */

import { own } from './json.js';

/**
 * Each row: language, then the words in the order of KEYS.
 * @type {string[][]}
 */
const TABLE = [
  [
    'en',
    'Offer',
    'Take this price',
    'No, thanks',
    'Lowest recent price',
    'Ends in {time}',
    'Up to {n} at this price',
    'One moment…',
    'This price is yours for {time}.',
    'Code',
    'This offer has ended.',
    'Close',
  ],
  [
    'de',
    'Angebot',
    'Preis sichern',
    'Nein, danke',
    'Niedrigster Preis zuletzt',
    'Endet in {time}',
    'Bis zu {n} Stück zu diesem Preis',
    'Einen Moment …',
    'Dieser Preis gilt für Sie {time} lang.',
    'Code',
    'Dieses Angebot ist beendet.',
    'Schließen',
  ],
  [
    'fr',
    'Offre',
    'Profiter de ce prix',
    'Non, merci',
    'Prix récent le plus bas',
    'Se termine dans {time}',
    'Jusqu’à {n} à ce prix',
    'Un instant…',
    'Ce prix vous est réservé pendant {time}.',
    'Code',
    'Cette offre est terminée.',
    'Fermer',
  ],
  [
    'es',
    'Oferta',
    'Quiero este precio',
    'No, gracias',
    'Precio reciente más bajo',
    'Termina en {time}',
    'Hasta {n} a este precio',
    'Un momento…',
    'Este precio es tuyo durante {time}.',
    'Código',
    'Esta oferta ha terminado.',
    'Cerrar',
  ],
  [
    'pl',
    'Oferta',
    'Skorzystaj z ceny',
    'Nie, dziękuję',
    'Najniższa ostatnia cena',
    'Koniec za {time}',
    'Do {n} szt. w tej cenie',
    'Chwileczkę…',
    'Ta cena jest Twoja przez {time}.',
    'Kod',
    'Ta oferta się zakończyła.',
    'Zamknij',
  ],
];

export const KEYS = /** @type {const} */ ([
  'label',
  'accept',
  'dismiss',
  'was',
  'ends',
  'upTo',
  'wait',
  'kept',
  'code',
  'ended',
  'close',
]);

/**
 * @param {string} locale BCP 47
 * @param {any} extra the shop's `strings`: `{ar: {accept: '…'}}`
 * @returns {Record<typeof KEYS[number], string>}
 */
export function words(locale, extra) {
  const language = locale.split('-')[0].toLowerCase();
  const row = TABLE.find(([name]) => name === language) ?? TABLE[0];
  const changed = own(extra, locale) ?? own(extra, language);
  return /** @type {any} */ (
    Object.fromEntries(KEYS.map((key, at) => [key, `${own(changed, key) ?? row[at + 1]}`]))
  );
}
