/** The npm package: puts the script on the page and hands out its typed `tactful` function. */
export type Money = {
    /**
     * integer minor units
     */
    amount: number;
    /**
     * ISO 4217
     */
    currency: string;
};
export type Offer = {
    id: string;
    sku: string;
    price: Money;
    /**
     * the prior price
     */
    was?: Money;
    /**
     * off the prior price, rounded down
     */
    percent?: number;
    title: string;
    message: string;
    /**
     * seconds from the moment of the event
     */
    ends_in: number;
    max_qty: number;
    placement: string;
    disclosure?: string;
    image?: string;
    url?: string;
    /**
     * what it comes off; absent: it is a price of the item
     */
    level?: 'order' | 'shipping';
    /**
     * with `level`: what comes off, or the most that `percent_bp` comes to
     */
    at_most?: Money;
    /**
     * with `level`: the share that comes off, in basis points
     */
    percent_bp?: number;
    /**
     * whether it is a voucher of the customer's own
     */
    voucher?: boolean;
    /**
     * the time that is left must not be shown
     */
    countdown?: 'none';
    /**
     * whether the shopper may ask for more time
     */
    more_time?: boolean;
    /**
     * the kinds of inputs that the price rests on
     */
    inputs?: string[];
};
export type Accepted = {
    offer: Offer;
    /**
     * for the checkout
     */
    token: string;
    /**
     * a discount code of the shop's platform
     */
    code?: string;
    /**
     * seconds for which the offer is reserved
     */
    hold: number;
    /**
     * says what became of it
     */
    inCart: (answer: Promise<InCart | void> | InCart | void) => void;
};
export type InCart = {
    url?: string;
} | {
    failed: string;
};
export type Events = {
    ready: {
        version: string;
    };
    offer: Offer;
    withdraw: {
        offer: string;
    };
    accepted: Accepted;
    /**
     * the reference of the session; none: it was given up
     */
    session: {
        session?: string;
    };
    error: {
        code: string;
        offer?: string;
        command?: string;
        error?: unknown;
    };
};
export type Consent = 'none' | 'anonymous' | 'personal';
export type Kind = 'home' | 'category' | 'product' | 'search' | 'cart' | 'checkout' | 'payment' | 'account' | 'cancel' | 'other';
export type Settings = {
    /**
     * where the server is, if the script does not lie there
     */
    server?: string;
    /**
     * "DE", "US-NY"
     */
    territory?: string;
    /**
     * ISO 4217, of the prices on the page
     */
    currency?: string;
    /**
     * the sales channel
     */
    channel?: string;
    /**
     * BCP 47; else the page's language
     */
    locale?: string;
    /**
     * `ask`: none until a consent system has spoken
     */
    consent?: 'auto' | 'ask' | Consent;
    /**
     * instead of what the offer says
     */
    placement?: 'corner' | 'inline';
    /**
     * a selector for the price that an inline offer follows
     */
    inline?: string;
    /**
     * else as the page is
     */
    theme?: 'light' | 'dark';
    page?: Kind;
    /**
     * words by language
     */
    strings?: Record<string, Record<string, string>>;
};
export type Report = {
    version: string;
    /**
     * what to do
     */
    advice: string[];
    product: {
        sku: string;
        price?: Money;
    } | null;
    fields: Record<string, [source: string, value: string]>;
    conflicts: [field: string, said: [source: string, value: string][]][];
    consent: [level: Consent, source: string];
};
export type Tactful = {
    (command: 'identify', identity: string | {
        customer: string;
        hmac: string;
        expires?: number;
    }): void;
    (command: 'logout'): void;
    (command: 'view', view: string | {
        sku: string;
        price?: Money;
    }): void;
    (command: 'cart', lines: {
        sku: string;
        qty?: number;
    }[]): void;
    (command: 'page', page: {
        kind?: Kind;
        moment?: 'rescue';
        query?: string;
    }): void;
    (command: 'activity', kind: 'compare' | 'chat_open' | 'chat_closed'): void;
    (command: 'consent', consent: Consent): void;
    <E extends keyof Events>(command: 'on' | 'off', event: E, listener: (event: CustomEvent<Events[E]>) => void): void;
    (command: 'session'): string | undefined;
    (command: 'doctor'): Promise<Report>;
};
/**
 * @typedef {object} Money
 * @property {number} amount integer minor units
 * @property {string} currency ISO 4217
 *
 * @typedef {object} Offer
 * @property {string} id
 * @property {string} sku
 * @property {Money} price
 * @property {Money} [was] the prior price
 * @property {number} [percent] off the prior price, rounded down
 * @property {string} title
 * @property {string} message
 * @property {number} ends_in seconds from the moment of the event
 * @property {number} max_qty
 * @property {string} placement
 * @property {string} [disclosure]
 * @property {string} [image]
 * @property {string} [url]
 * @property {'order' | 'shipping'} [level] what it comes off; absent: it is a price of the item
 * @property {Money} [at_most] with `level`: what comes off, or the most that `percent_bp` comes to
 * @property {number} [percent_bp] with `level`: the share that comes off, in basis points
 * @property {boolean} [voucher] whether it is a voucher of the customer's own
 * @property {'none'} [countdown] the time that is left must not be shown
 * @property {boolean} [more_time] whether the shopper may ask for more time
 * @property {string[]} [inputs] the kinds of inputs that the price rests on
 *
 * @typedef {object} Accepted
 * @property {Offer} offer
 * @property {string} token for the checkout
 * @property {string} [code] a discount code of the shop's platform
 * @property {number} hold seconds for which the offer is reserved
 * @property {(answer: Promise<InCart | void> | InCart | void) => void} inCart says what became of it
 *
 * @typedef {{url?: string} | {failed: string}} InCart where the cart is, or a text for the shopper
 *
 * @typedef {object} Events what `event.detail` is, by event
 * @property {{version: string}} ready
 * @property {Offer} offer
 * @property {{offer: string}} withdraw
 * @property {Accepted} accepted
 * @property {{session?: string}} session the reference of the session; none: it was given up
 * @property {{code: string, offer?: string, command?: string, error?: unknown}} error
 *
 * @typedef {'none' | 'anonymous' | 'personal'} Consent
 * @typedef {'home' | 'category' | 'product' | 'search' | 'cart' | 'checkout' | 'payment' | 'account'
 *   | 'cancel' | 'other'} Kind
 *
 * @typedef {object} Settings
 * @property {string} [server] where the server is, if the script does not lie there
 * @property {string} [territory] "DE", "US-NY"
 * @property {string} [currency] ISO 4217, of the prices on the page
 * @property {string} [channel] the sales channel
 * @property {string} [locale] BCP 47; else the page's language
 * @property {'auto' | 'ask' | Consent} [consent] `ask`: none until a consent system has spoken
 * @property {'corner' | 'inline'} [placement] instead of what the offer says
 * @property {string} [inline] a selector for the price that an inline offer follows
 * @property {'light' | 'dark'} [theme] else as the page is
 * @property {Kind} [page]
 * @property {Record<string, Record<string, string>>} [strings] words by language
 *
 * @typedef {object} Report
 * @property {string} version
 * @property {string[]} advice what to do
 * @property {{sku: string, price?: Money} | null} product
 * @property {Record<string, [source: string, value: string]>} fields
 * @property {[field: string, said: [source: string, value: string][]][]} conflicts
 * @property {[level: Consent, source: string]} consent
 *
 * @typedef {{
 *   (command: 'identify', identity: string | {customer: string, hmac: string, expires?: number}): void,
 *   (command: 'logout'): void,
 *   (command: 'view', view: string | {sku: string, price?: Money}): void,
 *   (command: 'cart', lines: {sku: string, qty?: number}[]): void,
 *   (command: 'page', page: {kind?: Kind, moment?: 'rescue', query?: string}): void,
 *   (command: 'activity', kind: 'compare' | 'chat_open' | 'chat_closed'): void,
 *   (command: 'consent', consent: Consent): void,
 *   <E extends keyof Events>(command: 'on' | 'off', event: E,
 *     listener: (event: CustomEvent<Events[E]>) => void): void,
 *   (command: 'session'): string | undefined,
 *   (command: 'doctor'): Promise<Report>,
 * }} Tactful
 */
/**
 * Loads the script once and returns its API, which queues until the script is there.
 * @param {string} src the script's address at your server: "https://offers.shop.example/widget/v1.js"
 * @param {Settings} [settings]
 * @returns {Tactful}
 */
export declare function load(src: string, settings?: Settings): Tactful;
