<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\Checkout;
use Tactful\Woo\Bridge\Client;
use Tactful\Woo\Bridge\Delivery;
use Tactful\Woo\Bridge\KeyCache;
use Tactful\Woo\Bridge\Sweep;
use Tactful\Woo\Bridge\Transport;

/** The parts of the bridge, joined once a request for this shop. */
final class Connection
{
    private const KEYS = 'tactful_woo_keys';
    private static ?self $current = null;

    public readonly Client $client;
    public readonly KeyCache $keys;
    public readonly DatabaseStore $store;
    public readonly Delivery $delivery;
    public readonly Checkout $checkout;
    public readonly Sweep $sweep;

    public function __construct(public readonly Settings $settings, ?Transport $transport = null)
    {
        $log = new WooLog();
        $this->client = new Client($transport ?? new WpTransport($settings->url, $settings->serverKey));
        $this->keys = new KeyCache(
            $this->client,
            static fn (): array => (array) get_option(self::KEYS, []),
            static function (array $kept): void {
                update_option(self::KEYS, $kept, true);
            },
        );
        $this->store = new DatabaseStore();
        $this->delivery = new Delivery($this->client, $this->store, new Facts($settings), $log);
        $this->checkout = new Checkout($this->client, $this->store, $this->delivery, $log);
        $this->sweep = new Sweep($this->checkout, $this->client, $this->store, $this->delivery, new WooOrders(), $log);
    }

    /** Return the connection of this request; null: the settings have no address or key yet. */
    public static function current(): ?self
    {
        if (self::$current === null) {
            $settings = Settings::saved();
            self::$current = $settings->isComplete() ? new self($settings) : null;
        }
        return self::$current;
    }

    /** Return whether an address and key work; otherwise what to do. */
    public static function trial(Settings $settings): string
    {
        try {
            (new Client(new WpTransport($settings->url, $settings->serverKey)))
                ->ask('GET', '/v1/redemptions?state=held', null, 0);
            return '';
        } catch (Bridge\Refused $refused) {
            return $refused->isAboutTheKey()
                ? __('Tactful refuses the server key. Copy it again from the server\'s settings.', 'tactful-woo')
                : $refused->getMessage();
        } catch (Bridge\OutcomeUnknown $error) {
            return sprintf(
                /* translators: %s: what went wrong */
                __('Tactful does not answer at this address: %s', 'tactful-woo'),
                $error->getMessage(),
            );
        }
    }
}
