<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\Money;

/**
 * Taxes of lines with an offer, with which they cost the promised price to the smallest coin.
 *
 * WooCommerce rounds net price and taxes apart. With 20 % no net price gives 109.65: 91.37 gives 109.64,
 * and 91.38 gives 109.66. A till computes the tax from the price with tax, and so do these lines.
 */
final class OfferTaxes
{
    /** @var array<string, true> Cart item keys of the lines whose taxes were changed. */
    private array $changed = [];

    /** @param \Closure(string): ?float $promised Returns the price of one unit of a line; null: its own. */
    public function __construct(private readonly \Closure $promised)
    {
    }

    public function register(): void
    {
        add_action('woocommerce_before_calculate_totals', function (): void {
            $this->changed = [];
        });
        add_filter('woocommerce_calculate_item_totals_taxes', [$this, 'exact'], 100_000, 2);
        add_action('woocommerce_after_calculate_totals', [$this, 'useInSubtotals'], -1_000);
        // The Checkout block computes the taxes of the order anew, from its net prices.
        add_action('woocommerce_order_item_after_calculate_taxes', [self::class, 'makeExactInOrder'], 100_000);
    }

    /**
     * Return the taxes of a line with which it costs what was promised, where prices are shown with tax.
     *
     * @param array<int|string, float> $taxes By rate, in the smallest amount that the shop shows.
     * @param object $item With `key`, `quantity`, `total` and `price_includes_tax`.
     * @return array<int|string, float>
     */
    public function exact(array $taxes, object $item): array
    {
        $promised = ($this->promised)((string) ($item->key ?? ''));
        if ($promised === null) {
            return $taxes;
        }
        $net = $item->price_includes_tax ? $item->total - array_sum($taxes) : $item->total;
        $exact = self::withTotal($promised * $item->quantity, $net / self::scale(), array_map(self::major(...), $taxes));
        if ($exact === null) {
            return $taxes;
        }
        $this->changed[$item->key] = true;
        if ($item->price_includes_tax) {
            // WooCommerce takes them off the price with tax, which leaves a round net price.
            return array_map(static fn (float $tax): float => (float) wc_round_tax_total($tax, 0), $taxes);
        }
        return array_map(static fn (float $tax): float => round($tax * self::scale()), $exact);
    }

    /** Give a line of an order the taxes with which it costs what was promised. */
    public static function makeExactInOrder(mixed $item): void
    {
        if (!$item instanceof \WC_Order_Item_Product || (string) $item->get_meta(OfferLines::OFFER) === '') {
            return;
        }
        $promised = Money::major((int) $item->get_meta(OfferLines::UNIT), get_woocommerce_currency());
        $taxes = array_map('floatval', $item->get_taxes()['total']);
        $exact = self::withTotal($promised * $item->get_quantity(), (float) $item->get_total(), $taxes);
        if ($exact !== null) {
            $item->set_taxes(['total' => $exact, 'subtotal' => $exact]);
        }
    }

    /**
     * Return taxes with which a line costs a total; null: it does already, or another plugin changed its price.
     *
     * @param array<int|string, float> $taxes By rate; they and the other amounts are in the main unit.
     * @return ?array<int|string, float>
     */
    private static function withTotal(float $total, float $net, array $taxes): ?array
    {
        $roundsEachLine = get_option('woocommerce_tax_round_at_subtotal') !== 'yes';
        if ($taxes === [] || !$roundsEachLine || !Catalogue::showsTax()) {
            return null;
        }
        $decimals = wc_get_price_decimals();
        $rounded = array_map(static fn (float $tax): float => (float) wc_round_tax_total($tax, $decimals), $taxes);
        $missing = (int) round(($total - round($net, $decimals) - array_sum($rounded)) * self::scale());
        if ($missing === 0 || abs($missing) > count($taxes)) {
            return null;
        }
        $largest = array_search(max($rounded), $rounded, true);
        $rounded[$largest] = round($rounded[$largest] + self::major($missing), $decimals);
        return $rounded;
    }

    private static function scale(): int
    {
        return 10 ** wc_get_price_decimals();
    }

    private static function major(float $amount): float
    {
        return $amount / self::scale();
    }

    /** Use the same taxes in the subtotals, which WooCommerce computes first: no coupon reduces these lines. */
    public function useInSubtotals(\WC_Cart $cart): void
    {
        foreach (array_keys($this->changed) as $key) {
            $line = &$cart->cart_contents[$key];
            $cart->set_subtotal((string) ($cart->get_subtotal() + $line['line_total'] - $line['line_subtotal']));
            $cart->set_subtotal_tax((string) ($cart->get_subtotal_tax() + $line['line_tax'] - $line['line_subtotal_tax']));
            $line['line_subtotal'] = $line['line_total'];
            $line['line_subtotal_tax'] = $line['line_tax'];
            $line['line_tax_data']['subtotal'] = $line['line_tax_data']['total'];
            unset($line);
        }
    }
}
