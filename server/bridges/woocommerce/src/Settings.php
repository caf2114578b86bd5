<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** What the shop says about its Tactful server. */
final class Settings
{
    public const OPTION = 'tactful_woo_settings';
    public const CONSENTS = ['ask', 'auto', 'none', 'anonymous', 'personal'];
    public const COMPLETED = ['shipped', 'delivered'];

    /**
     * @param string $url The server's address as the shop's own server reaches it.
     * @param string $widgetUrl The server's address as browsers reach it.
     * @param string $serverKey The server key, or a token with the scopes `redeem` and `facts:write`.
     * @param string $identityKey Signs the identity of customers; a pairing gives it.
     * @param string $identitySecret Signs it instead of the key; without both the widget knows no customers.
     * @param string $territory ISO 3166 code of the territory in which the shop sells.
     * @param string $consent The widget's setting `consent`.
     * @param string $completed What WooCommerce's status "completed" means: `shipped` or `delivered`.
     */
    private function __construct(
        public readonly string $url,
        public readonly string $widgetUrl,
        public readonly string $serverKey,
        public readonly string $identityKey,
        public readonly string $identitySecret,
        public readonly string $territory,
        public readonly string $consent,
        public readonly string $completed,
    ) {
    }

    /** Return the saved settings; missing ones are empty or have their default. */
    public static function saved(): self
    {
        $found = (array) get_option(self::OPTION, []);
        $text = static fn (string $name): string => is_string($found[$name] ?? null) ? $found[$name] : '';
        $consent = $text('consent');
        $completed = $text('completed');
        return new self(
            untrailingslashit($text('url')),
            untrailingslashit($text('widget_url') ?: $text('url')),
            $text('server_key'),
            $text('identity_key'),
            $text('identity_secret'),
            $text('territory') ?: (string) wc_get_base_location()['country'],
            in_array($consent, self::CONSENTS, true) ? $consent : 'ask',
            in_array($completed, self::COMPLETED, true) ? $completed : 'shipped',
        );
    }

    /** Whether address and key are there. */
    public function isComplete(): bool
    {
        return $this->url !== '' && $this->serverKey !== '';
    }

    /** Whether the widget can be told which customer is logged in. */
    public function knowsCustomers(): bool
    {
        return $this->identityKey !== '' || $this->identitySecret !== '';
    }

    /** Return whether a text is an http(s) address without query, as a server has it. */
    public static function isAddress(string $url): bool
    {
        $parts = wp_parse_url($url);
        return is_array($parts) && in_array($parts['scheme'] ?? '', ['http', 'https'], true)
            && ($parts['host'] ?? '') !== '' && !isset($parts['query'], $parts['fragment']);
    }
}
