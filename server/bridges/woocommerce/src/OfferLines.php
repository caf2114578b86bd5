<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\BridgeError;
use Tactful\Woo\Bridge\Money;
use Tactful\Woo\Bridge\OfferClaims;

/** Cart lines that carry an offer: their price, their quantity, and what the order keeps of them. */
final class OfferLines
{
    /** Key of the cart item's data; it makes a line of its own, because WooCommerce hashes it. */
    public const DATA = 'tactful';
    public const TOKEN = '_tactful_token';
    public const OFFER = '_tactful_offer';
    /** The price of one unit, in minor units: what was promised, or less where the shop has no coins for it. */
    public const UNIT = '_tactful_unit';
    /** The line's own price before ours, refreshed whenever the cart is loaded. */
    private const OWN = 'tactful_own';

    /** @var array<string, OfferClaims> The lines at the price of their offer, by cart item key. */
    private array $used = [];

    public function __construct(private readonly Connection $connection)
    {
    }

    public function register(): void
    {
        add_filter('woocommerce_add_cart_item', [$this, 'remember']);
        add_filter('woocommerce_get_cart_item_from_session', [$this, 'remember']);
        // First our price is undone, then other plugins set theirs, then ours is compared with it.
        add_action('woocommerce_before_calculate_totals', [$this, 'undo'], -1_000);
        add_action('woocommerce_before_calculate_totals', [$this, 'price'], 100_000);
        add_filter('woocommerce_coupon_get_items_to_apply', [$this, 'withoutOffers']);
        add_filter('woocommerce_store_api_product_quantity_maximum', [$this, 'maximum'], 10, 3);
        add_filter('woocommerce_update_cart_validation', [$this, 'allows'], 10, 4);
        add_filter('woocommerce_get_item_data', [$this, 'describe'], 10, 2);
        add_action('woocommerce_checkout_create_order_line_item', [$this, 'keep'], 10, 3);
    }

    /**
     * Keep the own price of a line, and give the line a product object of its own.
     *
     * @param array<string, mixed> $item
     * @return array<string, mixed>
     */
    public function remember(array $item): array
    {
        if (isset($item[self::DATA])) {
            $item['data'] = clone $item['data'];
            $item[self::OWN] = (string) $item['data']->get_price('edit');
        }
        return $item;
    }

    public function undo(\WC_Cart $cart): void
    {
        foreach ($this->linesOf($cart) as $item) {
            $item['data']->set_price($item[self::OWN] ?? $item['data']->get_price('edit'));
        }
    }

    /** Set the price of each line from its claims: never above the shop's own. */
    public function price(\WC_Cart $cart): void
    {
        $this->used = [];
        foreach ($this->linesOf($cart) as $key => $item) {
            $claims = $this->claims((string) $item[self::DATA]['token']);
            $product = $item['data'];
            $own = Catalogue::item($product, $this->connection->settings->territory, (string) $product->get_price());
            if ($claims !== null && $own->reasonAgainst($claims, (int) $item['quantity']) === null) {
                $payable = Money::major(Catalogue::payable($claims->unit, $claims->currency), $claims->currency);
                $product->set_price((string) Catalogue::storedFor($product, $payable));
                $this->used[$key] = $claims;
            }
        }
    }

    /** Return the price of one unit in the main unit of the currency; null: the line has its own price. */
    public function promised(string $key): ?float
    {
        $claims = $this->used[$key] ?? null;
        return $claims === null ? null : Money::major(Catalogue::payable($claims->unit, $claims->currency), $claims->currency);
    }

    /**
     * Exclude lines with an offer from every coupon: the promised price is the price.
     *
     * @param list<object> $items
     * @return list<object>
     */
    public function withoutOffers(array $items): array
    {
        return array_values(array_filter($items, fn (object $item): bool => !isset($this->used[$item->key ?? ''])));
    }

    /** @param ?array<string, mixed> $item A cart item. */
    public function maximum(mixed $value, \WC_Product $product, ?array $item = null): mixed
    {
        $claims = isset($item[self::DATA]) ? $this->claims((string) $item[self::DATA]['token']) : null;
        return $claims === null ? $value : min((int) $value, $claims->maxQty);
    }

    /** @param array<string, mixed> $item A cart item. */
    public function allows(mixed $isValid, mixed $key, array $item, mixed $quantity): mixed
    {
        $claims = isset($item[self::DATA]) ? $this->claims((string) $item[self::DATA]['token']) : null;
        if (!$isValid || $claims === null || $quantity <= $claims->maxQty) {
            return $isValid;
        }
        $text = _n('The offer is for %d unit.', 'The offer is for at most %d units.', $claims->maxQty, 'tactful-woo');
        wc_add_notice(sprintf($text, $claims->maxQty), 'error');
        return false;
    }

    /**
     * Say below a line that it has the price of an offer.
     *
     * @param list<array<string, string>> $data
     * @param array<string, mixed> $item
     * @return list<array<string, string>>
     */
    public function describe(array $data, array $item): array
    {
        if (isset($this->used[$item['key'] ?? ''])) {
            $data[] = ['key' => __('Offer', 'tactful-woo'), 'value' => __('reserved for you', 'tactful-woo')];
        }
        return $data;
    }

    /** Keep the offer with the order's line; a line at the own price keeps none. */
    public function keep(\WC_Order_Item_Product $item, string $key, mixed $values): void
    {
        $claims = $this->used[$key] ?? null;
        if ($claims !== null) {
            $item->update_meta_data(self::TOKEN, (string) $values[self::DATA]['token']);
            $item->update_meta_data(self::OFFER, $claims->offer);
            $item->update_meta_data(self::UNIT, (string) Catalogue::payable($claims->unit, $claims->currency));
        }
    }

    /** @return list<\WC_Order_Item_Product> The lines of an order that have the price of an offer. */
    public static function ofOrder(\WC_Order $order): array
    {
        return array_values(array_filter(
            $order->get_items(),
            static fn (\WC_Order_Item $item): bool => $item instanceof \WC_Order_Item_Product
                && (string) $item->get_meta(self::OFFER) !== '',
        ));
    }

    /**
     * Remove offers from the cart, whose lines then have the shop's own price.
     *
     * @param list<string> $offers Their ids.
     */
    public static function drop(array $offers): void
    {
        $cart = WC()->cart;
        if (!$cart instanceof \WC_Cart) {
            return; // an order that is paid later has no cart
        }
        $dropped = false;
        foreach ($cart->get_cart() as $key => $item) {
            if (isset($item[self::DATA]) && in_array($item[self::DATA]['offer'], $offers, true)) {
                $item['data']->set_price($item[self::OWN] ?? $item['data']->get_price('edit'));
                unset($cart->cart_contents[$key][self::DATA], $cart->cart_contents[$key][self::OWN]);
                $dropped = true;
            }
        }
        if ($dropped) {
            $cart->calculate_totals();
            $cart->set_session();
        }
    }

    /** Return the claims of a token; null: it is not valid, or not any more, or no key is known. */
    private function claims(string $token): ?OfferClaims
    {
        try {
            return $this->connection->keys->verify($token);
        } catch (BridgeError) {
            return null;
        }
    }

    /** @return array<string, array<string, mixed>> The cart items with an offer. */
    private function linesOf(\WC_Cart $cart): array
    {
        return array_filter($cart->get_cart(), static fn (array $item): bool => isset($item[self::DATA]['token']));
    }
}
