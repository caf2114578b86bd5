<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Tactful\Woo\Catalogue;
use Tactful\Woo\OfferLines;
use Tactful\Woo\OfferTaxes;

final class OfferTaxesTest extends TestCase
{
    protected function setUp(): void
    {
        Shop::reset();
    }

    /**
     * Return what WooCommerce makes of a line, as `WC_Cart_Totals` computes it with rounding on each line.
     *
     * @param list<float> $rates Percentages.
     * @return array{0: int, 1: float, 2: list<float>} Total in the smallest amount, net price, and taxes.
     */
    private static function line(float $promised, int $quantity, array $rates, bool $includes, ?float $charged = null): array
    {
        Shop::$options['woocommerce_prices_include_tax'] = $includes ? 'yes' : 'no';
        $sum = array_sum($rates) / 100;
        $unit = $includes ? $charged ?? $promised : ($charged ?? $promised) / (1 + $sum);
        // Two decimals more than the shop shows.
        $total = round($unit * $quantity * 10 ** wc_get_price_decimals(), 2);
        $net = $includes ? $total / (1 + $sum) : $total;
        $taxes = array_map(static fn (float $rate): float => $net * $rate / 100, $rates);
        $item = (object) ['key' => 'offer', 'quantity' => $quantity, 'total' => $total, 'price_includes_tax' => $includes];
        $taxes = (new OfferTaxes(static fn (): float => $promised))->exact($taxes, $item);
        $net = $includes ? $total - array_sum($taxes) : $total;
        $rounded = array_map(static fn (float $tax): float => wc_round_tax_total($tax, 0), $taxes);
        return [(int) (round($net) + array_sum($rounded)), $net, array_values($taxes)];
    }

    public function testAPriceThatNoNetPriceGivesIsChargedToThePenny(): void
    {
        self::assertSame(10965, self::line(109.65, 1, [20.0], false)[0]);
    }

    public function testEveryPromiseIsChargedExactlyWhateverTheTaxes(): void
    {
        mt_srand(7);
        $rates = [[20.0], [19.0], [7.0], [25.5], [8.1], [5.0, 9.975], [8.875], [4.0, 4.5, 0.375]];
        for ($try = 0; $try < 20_000; $try++) {
            $decimals = mt_rand(0, 4) === 0 ? 0 : 2;
            Shop::$options['woocommerce_price_num_decimals'] = $decimals;
            $promised = mt_rand(1, 30_000) / 10 ** $decimals;
            [$quantity, $own, $includes] = [mt_rand(1, 5), $rates[array_rand($rates)], (bool) mt_rand(0, 1)];
            $said = "$quantity × $promised, taxes " . implode('+', $own) . ($includes ? ', included' : '');
            $wanted = (int) round($promised * $quantity * 10 ** $decimals);
            self::assertSame($wanted, self::line($promised, $quantity, $own, $includes)[0], $said);
        }
    }

    public function testTheOrderThatTheCheckoutBlockComputesAnewIsChargedToThePennyToo(): void
    {
        Shop::$options['woocommerce_currency'] = 'EUR';
        mt_srand(7);
        $rates = [[20.0], [19.0], [25.5], [5.0, 9.975], [4.0, 4.5, 0.375]];
        for ($try = 0; $try < 5_000; $try++) {
            Shop::$options['woocommerce_prices_include_tax'] = mt_rand(0, 1) ? 'yes' : 'no';
            [$promised, $quantity, $own] = [mt_rand(1, 30_000), mt_rand(1, 5), $rates[array_rand($rates)]];
            $net = round($promised * $quantity / 100 / (1 + array_sum($own) / 100), 6);
            $taxes = array_map(static fn (float $rate): string => (string) ($net * $rate / 100), $own);
            $item = new WC_Order_Item_Product([
                'id' => 1, 'quantity' => $quantity, 'total' => (string) $net,
                'total_tax' => (string) array_sum(array_map(static fn (string $tax): float => wc_round_tax_total((float) $tax, 2), $taxes)),
                'taxes' => ['total' => $taxes, 'subtotal' => $taxes],
                'meta' => [OfferLines::OFFER => 'of_1', OfferLines::UNIT => (string) $promised],
            ]);
            OfferTaxes::makeExactInOrder($item);
            $charged = Catalogue::charged($item, new WC_Order(['id' => 9]));
            self::assertSame($promised * $quantity, $charged, "$quantity × $promised, taxes " . implode('+', $own));
        }
    }

    public function testTaxesOfALineThatIsExactAreNotTouched(): void
    {
        [, , $taxes] = self::line(120.0, 1, [20.0], false);
        self::assertSame([2000.0], $taxes);
    }

    public function testAPriceThatAnotherPluginChangedIsNotHidden(): void
    {
        self::assertSame(10465, self::line(109.65, 1, [20.0], true, 104.65)[0]);
        self::assertLessThan(10500, self::line(109.65, 1, [20.0], false, 104.65)[0]);
    }

    public function testALineWithoutAnOfferAndAShopThatRoundsAtTheSubtotalKeepTheirTaxes(): void
    {
        $item = (object) ['key' => 'plain', 'quantity' => 1, 'total' => 9137.5, 'price_includes_tax' => false];
        $taxes = [1 => 1827.5];
        self::assertSame($taxes, (new OfferTaxes(static fn () => null))->exact($taxes, $item));
        Shop::$options['woocommerce_tax_round_at_subtotal'] = 'yes';
        self::assertSame($taxes, (new OfferTaxes(static fn (): float => 109.65))->exact($taxes, $item));
    }

    /** @return array<string, array{0: int, 1: string, 2: int, 3: int}> */
    public function promises(): array
    {
        return [
            'pence' => [10965, 'GBP', 2, 10965],
            'a shop without pence' => [10965, 'GBP', 0, 10900],
            'yen' => [10965, 'JPY', 0, 10965],
            'yen with decimals' => [10965, 'JPY', 2, 10965],
            'dinars of three decimals in a shop with two' => [10965, 'KWD', 2, 10960],
        ];
    }

    /** @dataProvider promises */
    public function testAPromiseIsRoundedDownToWhatTheShopCanCharge(int $promised, string $currency, int $decimals, int $payable): void
    {
        Shop::$options['woocommerce_price_num_decimals'] = $decimals;
        self::assertSame($payable, Catalogue::payable($promised, $currency));
    }
}
