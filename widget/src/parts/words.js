/** Texts in other languages than English, and what carts and checkouts are called in URLs and classes. */

/** Texts of the card, in the order of `KEYS` in `locales.js`. */
export const TABLE = [
  'de|Angebot sichern|Nein, danke|Bisher|Endet in {}|Reserviert: {}|Angebot beendet.|Ihre Bestellung|Versand',
  'fr|J’en profite|Non, merci|Avant|Fin dans {}|Réservé : {}|Offre terminée.|Votre commande|Livraison',
  'es|Lo quiero|No, gracias|Antes|Termina en {}|Reservado: {}|Oferta terminada.|Tu pedido|Envío',
  'pl|Korzystam|Nie, dziękuję|Przedtem|Koniec za {}|Zarezerwowano: {}|Oferta zakończona.|Twoje zamówienie|Dostawa',
];

/** @param {string} words of a path, each a whole segment or the name of a file */
const segment = (words) => `/(${words})(?![\\w-])`;

/**
 * Patterns of kinds of pages beside those in `page.js`: paths that shop systems use in each language,
 * and the classes that they give to the body.
 */
export const PATHS = {
  payment: [
    // it, nl, da and nb, cs and sk, pl, sv, hu, tr
    segment('pagamento|betaling|platba|platnosc|betalning|fizetes|odeme'),
    // OXID, osCommerce
    'cl-payment ',
    segment('checkout_payment'),
  ].join('|'),
  cart: [
    segment(
      [
        'shopping-?(cart|bag)|cart-page',
        // es, pt, it, nl, cs and sk, da, nb, sv, fi, hu, ro, sl and hr, el, tr
        'cesta|carrinho|cesto|winkelwagen|winkelmand(je)?|kosik|nakupni-kosik|kurv|indkobskurv|handlekurv|handlevogn',
        'varukorg|kundvagn|ostoskori|kosar|cos-de-cumparaturi|kosarica|kalathi|sepet',
      ].join('|'),
    ),
    // Shopware, OXID
    'is-act-cartpage|cl-basket ',
  ].join('|'),
  checkout: [
    segment(
      [
        '(one-?page|one-?step)-?checkout|check-?out|bestellvorgang|caisse|commander',
        // es, pt, it, nl
        'finalizar(-[a-z]+)*|tramitar-pedido|pedido|encomenda|cassa|ordine|afrekenen|bestellen|bestelling',
        // pl, cs and sk, da and nb, sv and fi, hu, ro, sl and hr, el
        'zamowienie|pokladna|objednavka|kassen|bestilling|till-?kassan|kassan?|penztar|finalizare-comanda|comanda|blagajna|tameio',
      ].join('|'),
    ),
    // Shopware, Magento and its extensions, Shoptet, OXID, PrestaShop
    'ctl-checkout |is-act-checkout|checkout-onepage|multishipping-checkout|onestepcheckout|in-krok-|cl-order |page-order ',
  ].join('|'),
};
