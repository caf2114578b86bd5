/** Texts in other languages than English, and what carts and checkouts are called in URLs and classes. */

/** @param {string} texts @returns {string[]} pages name Norwegian in two ways */
const norwegian = (texts) => [`nb|${texts}`, `no|${texts}`];

/** Texts of the card, in the order of `KEYS` in `locales.js`. */
export const TABLE = [
  'de|Angebot sichern|Nein, danke|Bisher|Endet in {}|Reserviert: {}|Angebot beendet.',
  'fr|J’en profite|Non, merci|Avant|Fin dans {}|Réservé : {}|Offre terminée.',
  'es|Lo quiero|No, gracias|Antes|Termina en {}|Reservado: {}|Oferta terminada.',
  'pl|Korzystam|Nie, dziękuję|Przedtem|Koniec za {}|Zarezerwowano: {}|Oferta zakończona.',
  'it|Approfitta dell’offerta|No, grazie|Prima|Termina tra {}|Riservato: {}|Offerta terminata.',
  'nl|Neem dit aanbod|Nee, bedankt|Eerst|Eindigt over {}|Gereserveerd: {}|Dit aanbod is afgelopen.',
  'pt|Aproveitar a oferta|Não, obrigado|Antes|Termina em {}|Reservado: {}|Oferta terminada.',
  'sv|Ta erbjudandet|Nej tack|Tidigare|Slutar om {}|Reserverat: {}|Erbjudandet är slut.',
  'da|Tag imod tilbuddet|Nej tak|Før|Slutter om {}|Reserveret: {}|Tilbuddet er slut.',
  ...norwegian('Ta tilbudet|Nei takk|Før|Slutter om {}|Reservert: {}|Tilbudet er slutt.'),
];

/** Names of the further texts; `input_…` are the kinds of inputs of `server/PROTOCOL.md`. */
export const EXTRA_KEYS =
  'why|order|shipping|more|near|applied|enter|voucher_title|input_price|input_item|input_stock|input_browsing|input_cart|input_source|input_account|input_purchases|input_area|input_time|input_earlier_offers|input_voucher|input_averages|in_cart|view_cart|no_answer|retry|copy|copied'.split(
    '|',
  );

/** Language, then the texts in the order of EXTRA_KEYS; English first. */
export const EXTRA_TABLE = [
  'en|Why this price?|Your order|Shipping|More time|This offer ends soon.|The price is applied at the checkout.|Enter this code at the checkout.|Your voucher|the shop’s own price and its limits|what the item is|how many are in stock|what you did on these pages during this visit|your cart|the link or campaign that brought you here|your customer account|your earlier orders|your country or region|the date or the time of day|offers made earlier in this visit|a voucher that the shop gave you|how often all shoppers together buy|It is in your cart now.|View cart|Your cart has not confirmed it.|Try again|Copy the code|Copied',
  'de|Warum dieser Preis?|Ihre Bestellung|Versand|Mehr Zeit|Dieses Angebot endet bald.|Der Preis gilt an der Kasse.|Geben Sie diesen Code an der Kasse ein.|Ihr Gutschein|der eigene Preis des Shops und seine Grenzen|um welchen Artikel es geht|wie viele vorrätig sind|was Sie bei diesem Besuch auf diesen Seiten getan haben|Ihr Warenkorb|der Link oder die Kampagne, über die Sie gekommen sind|Ihr Kundenkonto|Ihre früheren Bestellungen|Ihr Land oder Ihre Region|das Datum oder die Uhrzeit|frühere Angebote bei diesem Besuch|ein Gutschein, den der Shop Ihnen gegeben hat|wie oft alle zusammen kaufen|Der Artikel liegt jetzt in Ihrem Warenkorb.|Warenkorb ansehen|Ihr Warenkorb hat es nicht bestätigt.|Erneut versuchen|Code kopieren|Kopiert',
  'fr|Pourquoi ce prix ?|Votre commande|Livraison|Plus de temps|Cette offre se termine bientôt.|Le prix est appliqué au paiement.|Saisissez ce code au paiement.|Votre bon d’achat|le prix de la boutique et ses limites|l’article lui-même|le nombre en stock|ce que vous avez fait sur ces pages pendant cette visite|votre panier|le lien ou la campagne qui vous a conduit ici|votre compte client|vos commandes passées|votre pays ou votre région|la date ou l’heure|les offres précédentes de cette visite|un bon que la boutique vous a donné|la fréquence d’achat de tous les clients réunis|L’article est maintenant dans votre panier.|Voir le panier|Votre panier ne l’a pas confirmé.|Réessayer|Copier le code|Copié',
  'es|¿Por qué este precio?|Tu pedido|Envío|Más tiempo|Esta oferta termina pronto.|El precio se aplica al pagar.|Introduce este código al pagar.|Tu vale|el precio de la tienda y sus límites|el artículo en sí|cuántos hay en existencias|lo que has hecho en estas páginas durante esta visita|tu carrito|el enlace o la campaña por la que has llegado|tu cuenta de cliente|tus pedidos anteriores|tu país o región|la fecha o la hora|ofertas anteriores de esta visita|un vale que te ha dado la tienda|con qué frecuencia compran todos los clientes juntos|Ya está en tu carrito.|Ver el carrito|Tu carrito no lo ha confirmado.|Intentar de nuevo|Copiar el código|Copiado',
  'pl|Dlaczego taka cena?|Twoje zamówienie|Dostawa|Więcej czasu|Ta oferta wkrótce się skończy.|Cena zostanie zastosowana przy kasie.|Wpisz ten kod przy kasie.|Twój bon|własna cena sklepu i jej granice|sam produkt|liczba sztuk w magazynie|to, co robisz na tych stronach podczas tej wizyty|Twój koszyk|link lub kampania, która Cię tu przywiodła|Twoje konto klienta|Twoje wcześniejsze zamówienia|Twój kraj lub region|data lub pora dnia|wcześniejsze oferty podczas tej wizyty|bon, który dał Ci sklep|jak często kupują wszyscy klienci razem|Produkt jest już w Twoim koszyku.|Zobacz koszyk|Koszyk tego nie potwierdził.|Spróbuj ponownie|Skopiuj kod|Skopiowano',
  'it|Perché questo prezzo?|Il tuo ordine|Spedizione|Più tempo|Questa offerta sta per terminare.|Il prezzo si applica alla cassa.|Inserisci questo codice alla cassa.|Il tuo buono|il prezzo del negozio e i suoi limiti|l’articolo stesso|quanti pezzi sono disponibili|ciò che hai fatto su queste pagine durante questa visita|il tuo carrello|il link o la campagna da cui sei arrivato|il tuo account cliente|i tuoi ordini precedenti|il tuo paese o la tua regione|la data o l’ora|le offerte precedenti di questa visita|un buono che il negozio ti ha dato|quanto spesso acquistano tutti i clienti insieme|L’articolo è ora nel tuo carrello.|Vedi il carrello|Il carrello non l’ha confermato.|Riprova|Copia il codice|Copiato',
  'nl|Waarom deze prijs?|Je bestelling|Verzending|Meer tijd|Dit aanbod loopt bijna af.|De prijs geldt bij het afrekenen.|Voer deze code in bij het afrekenen.|Je tegoedbon|de eigen prijs van de winkel en de grenzen ervan|om welk artikel het gaat|hoeveel er op voorraad zijn|wat je tijdens dit bezoek op deze pagina’s hebt gedaan|je winkelwagen|de link of campagne waarmee je hier kwam|je klantaccount|je eerdere bestellingen|je land of regio|de datum of het tijdstip|eerdere aanbiedingen tijdens dit bezoek|een tegoedbon die de winkel je heeft gegeven|hoe vaak alle klanten samen kopen|Het ligt nu in je winkelwagen.|Winkelwagen bekijken|Je winkelwagen heeft het niet bevestigd.|Opnieuw proberen|Code kopiëren|Gekopieerd',
  'pt|Porquê este preço?|A sua encomenda|Envio|Mais tempo|Esta oferta termina em breve.|O preço é aplicado no pagamento.|Introduza este código no pagamento.|O seu vale|o preço da loja e os seus limites|o próprio artigo|quantos há em stock|o que fez nestas páginas durante esta visita|o seu carrinho|a ligação ou campanha que o trouxe aqui|a sua conta de cliente|as suas encomendas anteriores|o seu país ou região|a data ou a hora|ofertas anteriores desta visita|um vale que a loja lhe deu|com que frequência todos os clientes compram|Já está no seu carrinho.|Ver o carrinho|O seu carrinho não o confirmou.|Tentar novamente|Copiar o código|Copiado',
  'sv|Varför detta pris?|Din beställning|Frakt|Mer tid|Erbjudandet slutar snart.|Priset gäller i kassan.|Ange koden i kassan.|Din värdecheck|butikens eget pris och dess gränser|vilken vara det gäller|hur många som finns i lager|vad du har gjort på de här sidorna under besöket|din varukorg|länken eller kampanjen som ledde dig hit|ditt kundkonto|dina tidigare beställningar|ditt land eller din region|datumet eller tiden på dagen|tidigare erbjudanden under besöket|en värdecheck som butiken har gett dig|hur ofta alla kunder tillsammans köper|Varan ligger nu i din varukorg.|Visa varukorgen|Varukorgen har inte bekräftat det.|Försök igen|Kopiera koden|Kopierad',
  'da|Hvorfor denne pris?|Din ordre|Forsendelse|Mere tid|Tilbuddet slutter snart.|Prisen gælder ved kassen.|Indtast koden ved kassen.|Din værdikupon|butikkens egen pris og dens grænser|hvilken vare det er|hvor mange der er på lager|hvad du har gjort på disse sider under besøget|din kurv|linket eller kampagnen, der førte dig hertil|din kundekonto|dine tidligere ordrer|dit land eller din region|datoen eller tidspunktet på dagen|tidligere tilbud under besøget|en værdikupon, som butikken har givet dig|hvor ofte alle kunder tilsammen køber|Varen ligger nu i din kurv.|Se kurven|Kurven har ikke bekræftet det.|Prøv igen|Kopiér koden|Kopieret',
  ...norwegian(
    'Hvorfor denne prisen?|Bestillingen din|Frakt|Mer tid|Tilbudet slutter snart.|Prisen gjelder i kassen.|Skriv inn koden i kassen.|Verdikupongen din|butikkens egen pris og grensene for den|hvilken vare det gjelder|hvor mange som er på lager|hva du har gjort på disse sidene under besøket|handlekurven din|lenken eller kampanjen som førte deg hit|kundekontoen din|tidligere bestillinger|landet eller regionen din|datoen eller tiden på dagen|tidligere tilbud under besøket|en verdikupong som butikken har gitt deg|hvor ofte alle kunder til sammen kjøper|Varen ligger nå i handlekurven din.|Se handlekurven|Handlekurven har ikke bekreftet det.|Prøv igjen|Kopier koden|Kopiert',
  ),
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
        'finalizar(-(la-)?(compra|pedido))?|tramitar-pedido|pedido|encomenda|cassa|ordine|afrekenen|bestellen|bestelling',
        // pl, cs and sk, da and nb, sv and fi, hu, ro, sl and hr, el
        'zamowienie|pokladna|objednavka|kassen|bestilling|till-?kassan|kassan?|penztar|finalizare-comanda|comanda|blagajna|tameio',
      ].join('|'),
    ),
    // Shopware, Magento and its extensions, Shoptet, OXID, PrestaShop
    'ctl-checkout |is-act-checkout|checkout-onepage|multishipping-checkout|onestepcheckout-index|(^| )in-krok-|cl-order |page-order ',
  ].join('|'),
};
