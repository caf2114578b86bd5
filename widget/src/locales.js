/** The card's own words, by language; a shop adds or changes some through the `strings` setting. */

import { own } from './json.js';

export const KEYS = /** @type {const} */ (['accept', 'dismiss', 'was', 'ends', 'kept', 'ended']);

/** Language, then the words in the order of KEYS; {} is where the time or the number goes. */
const TABLE = [
  'en|Take this price|No, thanks|Lowest recent price|Ends in {}|Reserved for you: {}|This offer has ended.',
  'de|Preis sichern|Nein, danke|Zuletzt niedrigster Preis|Endet in {}|Für Sie reserviert: {}|Angebot beendet.',
  'fr|Profiter de ce prix|Non, merci|Prix récent le plus bas|Se termine dans {}|Réservé pour vous : {}|Offre terminée.',
  'es|Quiero este precio|No, gracias|Precio reciente más bajo|Termina en {}|Reservado para ti: {}|Oferta terminada.',
  'pl|Biorę tę cenę|Nie, dziękuję|Najniższa ostatnia cena|Koniec za {}|Zarezerwowano: {}|Oferta zakończona.',
];

/**
 * @param {string} locale BCP 47
 * @param {any} extra the shop's `strings`: `{ar: {accept: '…'}}`
 * @returns {Record<typeof KEYS[number], string>}
 */
export function words(locale, extra) {
  const [language] = locale.split('-');
  const row = (TABLE.find((words) => words.startsWith(language)) ?? TABLE[0]).split('|');
  const changed = own(extra, locale) ?? own(extra, language);
  return /** @type {any} */ (
    Object.fromEntries(KEYS.map((key, at) => [key, `${own(changed, key) ?? row[at + 1]}`]))
  );
}
