<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\FactReader;
use Tactful\Woo\Bridge\Money;
use Tactful\Woo\Bridge\OrderState;

/** The shop's products, prices, stock, orders, refunds and reviews as facts, read when they are sent. */
final class Facts implements FactReader
{
    /** Types of products that the shop itself does not sell, or sells only as their parts. */
    private const NOT_SOLD = ['external', 'grouped'];

    public function __construct(private readonly Settings $settings)
    {
    }

    /**
     * A subject is `product:ID`, `order:ID`, `refund:ID`, `review:ID` or `gone:SKU`.
     *
     * The version is the instant before reading, so that of two processes that report one subject at
     * the same time, the one that read later wins.
     */
    public function factsOf(string $subject): array
    {
        [$kind, $name] = explode(':', $subject, 2);
        $now = microtime(true); // one reading: two of them may lie in different seconds
        $version = gmdate('Y-m-d\TH:i:s', (int) $now) . sprintf('.%03dZ', (int) (fmod($now, 1) * 1000));
        $facts = match ($kind) {
            'product' => $this->asGuest(fn (): array => $this->aboutProduct((int) $name)),
            'order' => $this->aboutOrder((int) $name),
            'refund' => $this->aboutRefund((int) $name),
            'review' => $this->aboutReview((int) $name),
            'gone' => [['type' => 'gone', 'of' => 'product', 'sku' => $name]],
            default => throw new \LogicException("The outbox names '$subject', which is no subject of facts."),
        };
        return array_map(static fn (array $fact): array => $fact + ['version' => $version], $facts);
    }

    /**
     * Read prices as a shopper of the territory sees them who is not logged in.
     *
     * @param \Closure(): list<array<string, mixed>> $read
     * @return list<array<string, mixed>>
     */
    private function asGuest(\Closure $read): array
    {
        $user = get_current_user_id();
        $customer = WC()->customer; // may be exempt from tax
        [$country, $state] = explode('-', $this->settings->territory . '-');
        $place = static fn (): array => [$country, $state, '', ''];
        add_filter('woocommerce_get_tax_location', $place, PHP_INT_MAX);
        wp_set_current_user(0);
        WC()->customer = null;
        try {
            return $read();
        } finally {
            WC()->customer = $customer;
            wp_set_current_user($user);
            remove_filter('woocommerce_get_tax_location', $place, PHP_INT_MAX);
        }
    }

    /** @return list<array<string, mixed>> The facts about a product, or about all variations of it. */
    private function aboutProduct(int $id): array
    {
        $product = wc_get_product($id);
        $isDraft = $product instanceof \WC_Product && in_array($product->get_status(), ['auto-draft', 'importing'], true);
        if (!$product instanceof \WC_Product || $isDraft || $product->is_type(self::NOT_SOLD)) {
            return [];
        }
        if ($product->is_type(['variable', 'variable-subscription'])) {
            return array_merge(...array_map([$this, 'aboutProduct'], $product->get_children()), ...[[]]);
        }
        $sku = Catalogue::sku($product);
        $facts = [$this->product($product, $sku)];
        if ($product->get_price('edit') !== '') {
            array_push($facts, ...$this->price($product, $sku));
        }
        $facts[] = ['type' => 'stock', 'sku' => $sku, 'territory' => $this->settings->territory] + self::stock($product);
        return $facts;
    }

    /** @return array<string, mixed> */
    private function product(\WC_Product $product, string $sku): array
    {
        $family = $product->is_type('variation') ? wc_get_product($product->get_parent_id()) : $product;
        $isSold = $product->get_status() === 'publish' && $family && $family->get_status() === 'publish';
        $fact = [
            'type' => 'product',
            'sku' => mb_substr($sku, 0, 128),
            'product' => (string) ($product->get_parent_id() ?: $product->get_id()),
            'title' => mb_substr(wp_strip_all_tags($product->get_name()), 0, 500) ?: $sku,
            'categories' => $family ? self::categories($family) : [],
            'url' => (string) $product->get_permalink(),
            'status' => $isSold ? 'active' : 'discontinued',
        ];
        $image = $product->get_image_id() ? wp_get_attachment_url((int) $product->get_image_id()) : false;
        return $image ? $fact + ['image' => $image] : $fact;
    }

    /** @return list<string> Paths such as `shoes/running`. */
    private static function categories(\WC_Product $product): array
    {
        $paths = [];
        foreach (array_slice($product->get_category_ids(), 0, 50) as $id) {
            $ids = [...array_reverse(get_ancestors($id, 'product_cat', 'taxonomy')), $id];
            $terms = array_map(static fn (int $one) => get_term($one, 'product_cat'), $ids);
            $slugs = array_map(static fn (\WP_Term $term): string => urldecode($term->slug), array_filter(
                $terms,
                static fn (mixed $term): bool => $term instanceof \WP_Term,
            ));
            $paths[] = implode('/', $slugs);
        }
        return $paths;
    }

    /** @return list<array<string, mixed>> The price, unless the item is given away. */
    private function price(\WC_Product $product, string $sku): array
    {
        $item = Catalogue::item($product, $this->settings->territory);
        if ($item->unit <= 0) {
            return [];
        }
        $isTaxed = wc_tax_enabled() && $product->is_taxable();
        $rates = $isTaxed ? \WC_Tax::get_rates($product->get_tax_class()) : [];
        $fact = [
            'type' => 'price',
            'sku' => $sku,
            'territory' => $this->settings->territory,
            'price' => Money::fact($item->unit, $item->currency),
            'tax_included' => Catalogue::showsTax(),
            'tax_rate_bp' => (int) round(100 * array_sum(array_column($rates, 'rate'))),
        ];
        $list = (string) $product->get_regular_price();
        if ($list !== '') {
            $before = Catalogue::item($product, $this->settings->territory, $list)->unit;
            $fact += $before > $item->unit ? ['list' => Money::fact($before, $item->currency)] : [];
        }
        return [$fact];
    }

    /** @return array<string, mixed> */
    private static function stock(\WC_Product $product): array
    {
        if (!$product->managing_stock()) {
            return $product->is_in_stock()
                ? ['available' => null, 'policy' => 'untracked']
                : ['available' => 0];
        }
        // Reservations of unpaid orders end without an event, so they are left out.
        $available = (int) $product->get_stock_quantity();
        return ['available' => $available] + ($product->backorders_allowed() ? ['policy' => 'backorder'] : []);
    }

    /** @return list<array<string, mixed>> */
    private function aboutOrder(int $id): array
    {
        $order = wc_get_order($id);
        $state = $order instanceof \WC_Order ? WooOrders::stateOfStatus($order->get_status()) : OrderState::Unknown;
        if ($state !== OrderState::Placed && $state !== OrderState::Cancelled) {
            return []; // not a purchase yet
        }
        $placed = $order->get_date_created();
        $isCompleted = $order->has_status('completed');
        $fact = [
            'type' => 'order',
            'order' => (string) $order->get_id(),
            'territory' => $order->get_shipping_country() ?: $order->get_billing_country() ?: $this->settings->territory,
            'placed_at' => self::instant($placed),
            'status' => $state === OrderState::Cancelled ? 'cancelled' : ($isCompleted ? $this->settings->completed : 'placed'),
            'paid' => !$order->has_status(['on-hold', 'cancelled']),
            'lines' => $this->lines($order),
        ];
        if ($isCompleted && $this->settings->completed === 'delivered') {
            $fact['delivered_at'] = self::instant($order->get_date_completed() ?? $placed);
        }
        if ($order->get_order_number() !== (string) $order->get_id()) {
            $fact['also'] = [mb_substr($order->get_order_number(), 0, 128)];
        }
        // The coupons of the order; one that is a code of a pool redeems its offer.
        $codes = array_slice(array_values(array_filter(array_map('strval', $order->get_coupon_codes()))), 0, 20);
        $fact += $codes !== [] ? ['codes' => array_map(static fn (string $code): string => mb_substr($code, 0, 255), $codes)] : [];
        $session = (string) $order->get_meta(OrderSessions::META);
        return [$fact + self::shopper($order) + ($session !== '' ? ['session' => $session] : [])];
    }

    /** @return list<array<string, mixed>> */
    private function lines(\WC_Order $order): array
    {
        $lines = [];
        foreach ($order->get_items() as $item) {
            $product = $item instanceof \WC_Order_Item_Product ? $item->get_product() : false;
            $quantity = (int) $item->get_quantity();
            if (!$product instanceof \WC_Product || $quantity < 1) {
                continue; // the product was deleted since, so nothing can be told of it
            }
            $paid = intdiv(Catalogue::charged($item, $order), $quantity);
            $offer = (string) $item->get_meta(OfferLines::OFFER);
            $lines[] = [
                'sku' => Catalogue::sku($product),
                'qty' => $quantity,
                'unit' => Money::fact($paid, $order->get_currency()),
                'line' => (string) $item->get_id(),
            ] + ($offer !== '' ? ['offer' => $offer] : []);
        }
        return $lines;
    }

    /** @return list<array<string, mixed>> */
    private function aboutRefund(int $id): array
    {
        $refund = wc_get_order($id);
        $order = $refund instanceof \WC_Order_Refund ? wc_get_order($refund->get_parent_id()) : null;
        if (!$order instanceof \WC_Order) {
            return [];
        }
        $lines = [];
        foreach ($refund->get_items() as $item) {
            $product = $item instanceof \WC_Order_Item_Product ? $item->get_product() : false;
            $units = abs((int) $item->get_quantity());
            if ($product instanceof \WC_Product && $units > 0) {
                $lines[] = ['sku' => Catalogue::sku($product), 'qty' => $units, 'reason' => 'unknown'];
            }
        }
        $amount = Money::minor($refund->get_amount(), $order->get_currency());
        return [[
            'type' => 'return',
            'return' => "woo-$id",
            'order' => (string) $order->get_id(),
            'at' => self::instant($refund->get_date_created()),
            'status' => 'received',
        ] + ($lines !== [] ? ['lines' => $lines] : [])
          + ($amount > 0 ? ['amount' => Money::fact($amount, $order->get_currency())] : [])
          + self::shopper($order)];
    }

    /** @return list<array<string, mixed>> A review counts for the whole product; a variation of it is named. */
    private function aboutReview(int $id): array
    {
        $review = get_comment($id);
        $rating = (int) get_comment_meta($id, 'rating', true);
        $product = $review instanceof \WP_Comment ? wc_get_product((int) $review->comment_post_ID) : null;
        if (!$product instanceof \WC_Product || $rating < 1 || $rating > 5 || $review->comment_approved !== '1') {
            return [];
        }
        $children = $product->get_children();
        $variant = $product->is_type('variable') && $children !== [] ? wc_get_product($children[0]) : $product;
        $fact = [
            'type' => 'review',
            'review' => "woo-$id",
            'sku' => Catalogue::sku($variant ?: $product),
            'rating' => $rating,
            'at' => gmdate('Y-m-d\TH:i:s\Z', (int) strtotime($review->comment_date_gmt . ' UTC')),
        ];
        $fact += (int) $review->user_id > 0 ? ['customer' => (string) $review->user_id] : [];
        $fact += is_email($review->comment_author_email) ? ['contact' => ['email' => $review->comment_author_email]] : [];
        return isset($fact['customer']) || isset($fact['contact']) ? [$fact] : [];
    }

    /** @return array<string, mixed> */
    private static function shopper(\WC_Order $order): array
    {
        $customer = $order->get_customer_id();
        $email = $order->get_billing_email();
        return ($customer > 0 ? ['customer' => (string) $customer] : [])
            + (is_email($email) ? ['contact' => ['email' => $email]] : []);
    }

    private static function instant(?\WC_DateTime $at): string
    {
        return gmdate('Y-m-d\TH:i:s\Z', $at?->getTimestamp() ?? time());
    }
}
