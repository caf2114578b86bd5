/** Texts of the card, by language; a shop changes or adds some with the setting `strings`. */

import { own } from './json.js';

/** @typedef {'accept' | 'dismiss' | 'was' | 'ends' | 'kept' | 'ended' | 'order' | 'shipping'} Key */

export const KEYS = /** @type {Key[]} */ (
  'accept|dismiss|was|ends|kept|ended|order|shipping'.split('|')
);

/** Language, then the words in the order of KEYS; {} is where the time or the amount goes. */
const TABLE = [
  'en|Take this offer|No, thanks|Before|Ends in {}|Reserved: {}|This offer has ended.|Your order|Shipping',
  'de|Angebot sichern|Nein, danke|Bisher|Endet in {}|Reserviert: {}|Angebot beendet.|Ihre Bestellung|Versand',
  'fr|J’en profite|Non, merci|Avant|Fin dans {}|Réservé : {}|Offre terminée.|Votre commande|Livraison',
  'es|Lo quiero|No, gracias|Antes|Termina en {}|Reservado: {}|Oferta terminada.|Tu pedido|Envío',
  'pl|Korzystam|Nie, dziękuję|Przedtem|Koniec za {}|Zarezerwowano: {}|Oferta zakończona.|Twoje zamówienie|Dostawa',
];

/**
 * @param {string} locale BCP 47
 * @param {any} extra the shop's `strings`: `{ar: {accept: '…'}}`
 * @returns {Record<Key | 'lang', string>} `lang` is the language of most of them
 */
export function words(locale, extra) {
  const [language] = locale.split('-');
  const row = (TABLE.find((words) => words.startsWith(language)) ?? TABLE[0]).split('|');
  const changed = own(extra, locale) ?? own(extra, language);
  return /** @type {any} */ ({
    ...Object.fromEntries(KEYS.map((key, at) => [key, `${own(changed, key) ?? row[at + 1]}`])),
    // Screen readers read a text in the language it is marked with.
    lang: changed ? locale : row[0],
  });
}
