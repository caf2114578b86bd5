<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Tactful\Woo\Facts;
use Tactful\Woo\OfferLines;
use Tactful\Woo\OrderEvents;
use Tactful\Woo\Settings;
use Tactful\Woo\WooOrders;

/** The payloads are those that WooCommerce 11.0.1 sent about invented people, reduced to the fields that are read. */
final class FactsTest extends TestCase
{
    protected function setUp(): void
    {
        Shop::reset();
        Shop::$options[Settings::OPTION] = ['url' => 'http://t', 'server_key' => 'k'];
        new WC_Product(['id' => 10, 'sku' => 'W-RUN', 'price' => '129.00']);
    }

    /** @return list<array<string, mixed>> */
    private static function facts(string $subject): array
    {
        $facts = (new Facts(Settings::saved()))->factsOf($subject);
        return array_map(static fn (array $fact): array => array_diff_key($fact, ['version' => 0]), $facts);
    }

    /** @param array<string, mixed> $change */
    private static function order(array $change = []): WC_Order
    {
        $payload = json_decode((string) file_get_contents(__DIR__ . '/../payloads/order.json'), true);
        return new WC_Order(['items' => self::items($payload['line_items'])] + $change + $payload);
    }

    private static function refund(string $name): WC_Order_Refund
    {
        $payload = json_decode((string) file_get_contents(__DIR__ . "/../payloads/$name.json"), true);
        return new WC_Order_Refund(['items' => self::items($payload['line_items']), 'parent_id' => 15] + $payload);
    }

    /**
     * @param list<array<string, mixed>> $lines
     * @return array<int, WC_Order_Item_Product>
     */
    private static function items(array $lines): array
    {
        $items = [];
        foreach ($lines as $line) {
            $meta = array_column($line['meta_data'], 'value', 'key');
            $items[$line['id']] = new WC_Order_Item_Product(['meta' => $meta] + $line);
        }
        return $items;
    }

    public function testAnOrderNamesTheCouponsThatItUsed(): void
    {
        self::order();
        self::assertArrayNotHasKey('codes', self::facts('order:15')[0]);
        self::order(['coupon_lines' => [['code' => 'spring-1'], ['code' => 'free-parcel']]]);
        self::assertSame(['spring-1', 'free-parcel'], self::facts('order:15')[0]['codes']);
    }

    public function testAnOrderNamesItsLinesWithTheGrossPriceThatWasPaid(): void
    {
        self::order();
        [$fact] = self::facts('order:15');
        self::assertSame([
            ['sku' => 'W-RUN', 'qty' => 2, 'unit' => ['amount' => 10965, 'currency' => 'EUR'], 'line' => '2',
                'offer' => 'of_UgB2EKfL53dnPxvhCe02GQ'],
            ['sku' => 'W-RUN', 'qty' => 1, 'unit' => ['amount' => 12900, 'currency' => 'EUR'], 'line' => '3'],
        ], $fact['lines']);
        self::assertSame(['placed', false, 'DE', ['email' => 'ada@shop.example']], [
            $fact['status'], $fact['paid'], $fact['territory'], $fact['contact'],
        ]);
        self::assertArrayNotHasKey('customer', $fact);
    }

    public function testAnOrderNamesItsSessionAndCustomer(): void
    {
        self::order(['meta' => ['_tactful_session' => 'se_1'], 'customer_id' => 7, 'status' => 'processing']);
        [$fact] = self::facts('order:15');
        self::assertSame(['se_1', '7', true], [$fact['session'], $fact['customer'], $fact['paid']]);
    }

    /** @return array<string, array{0: string, 1: ?string}> */
    public function statuses(): array
    {
        return [
            'on-hold' => ['on-hold', 'placed'], 'processing' => ['processing', 'placed'],
            'completed' => ['completed', 'shipped'], 'cancelled' => ['cancelled', 'cancelled'],
            'refunded' => ['refunded', 'placed'], 'pending' => ['pending', null],
            'failed' => ['failed', null], 'checkout-draft' => ['checkout-draft', null],
        ];
    }

    /** @dataProvider statuses */
    public function testAnOrderIsReportedOnceItIsAPurchase(string $status, ?string $wanted): void
    {
        self::order(['status' => $status]);
        self::assertSame($wanted, self::facts('order:15')[0]['status'] ?? null);
    }

    public function testAProductIsReportedWithPriceAndStock(): void
    {
        [$product, $price, $stock] = self::facts('product:10');
        self::assertSame(['W-RUN', '10', 'active'], [$product['sku'], $product['product'], $product['status']]);
        self::assertSame([['amount' => 12900, 'currency' => 'EUR'], true, 1900], [
            $price['price'], $price['tax_included'], $price['tax_rate_bp'],
        ]);
        self::assertSame(9, $stock['available']);
    }

    public function testAReducedPriceNamesTheRegularOneAsItsListPrice(): void
    {
        new WC_Product(['id' => 10, 'sku' => 'W-RUN', 'price' => '99.00', 'regular_price' => '129.00']);
        self::assertSame(12900, self::facts('product:10')[1]['list']['amount']);
    }

    public function testNetPricesSayThatTheyAreNet(): void
    {
        Shop::$options['woocommerce_prices_include_tax'] = 'no';
        Shop::$options['woocommerce_tax_display_shop'] = 'excl';
        $price = self::facts('product:10')[1];
        self::assertSame([12900, false], [$price['price']['amount'], $price['tax_included']]);
    }

    public function testVariationsAreReportedOneByOneUnderTheProduct(): void
    {
        new WC_Product(['id' => 11, 'price' => '', 'type' => 'variable', 'children' => [12, 13]]);
        new WC_Product(['id' => 12, 'sku' => 'W-TRAIL-42', 'price' => '149.90', 'type' => 'variation', 'parent_id' => 11]);
        new WC_Product(['id' => 13, 'price' => '139.90', 'type' => 'variation', 'parent_id' => 11, 'stock_quantity' => 4]);
        $products = array_values(array_filter(self::facts('product:11'), static fn ($fact) => $fact['type'] === 'product'));
        self::assertSame([['W-TRAIL-42', '11'], ['13', '11']], array_map(
            static fn (array $fact): array => [$fact['sku'], $fact['product']],
            $products,
        ));
    }

    public function testStockThatNobodyCountsIsUntracked(): void
    {
        new WC_Product(['id' => 10, 'sku' => 'W-RUN', 'price' => '1', 'manage_stock' => false]);
        self::assertSame('untracked', self::facts('product:10')[2]['policy']);
        new WC_Product(['id' => 10, 'sku' => 'W-RUN', 'price' => '1', 'manage_stock' => false, 'in_stock' => false]);
        self::assertSame(0, self::facts('product:10')[2]['available']);
    }

    public function testWhatTheShopDoesNotSellItselfIsLeftOut(): void
    {
        new WC_Product(['id' => 10, 'sku' => 'W-RUN', 'price' => '1', 'type' => 'external']);
        self::assertSame([], self::facts('product:10'));
        self::assertSame([], self::facts('product:999'));
    }

    public function testARefundOfUnitsNamesThem(): void
    {
        $order = self::order();
        $refund = self::refund('refund');
        self::assertSame(
            ['lines' => [['sku' => 'W-RUN', 'qty' => 1]]],
            OrderEvents::whatWasRefunded($order, $refund),
        );
        [$fact] = self::facts('refund:17');
        self::assertSame(['woo-17', '15', 10965], [$fact['return'], $fact['order'], $fact['amount']['amount']]);
        self::assertSame([['sku' => 'W-RUN', 'qty' => 1, 'reason' => 'unknown']], $fact['lines']);
    }

    public function testARefundOfAnAmountIsSpreadByWhatWasPaid(): void
    {
        // 10.00 of 353.30, of which 219.30 were paid for lines with offers.
        self::assertSame(
            ['amount' => ['amount' => 620, 'currency' => 'EUR']],
            OrderEvents::whatWasRefunded(self::order(), self::refund('refund.amount_only')),
        );
    }

    public function testARefundOfOtherLinesConcernsNoOffer(): void
    {
        $item = new WC_Order_Item_Product(['id' => 9, 'product_id' => 10, 'quantity' => -1, 'total' => '-108.40',
            'total_tax' => '-20.60', 'meta' => ['_refunded_item_id' => '3']]);
        $refund = new WC_Order_Refund(['id' => 20, 'amount' => '129.00', 'parent_id' => 15, 'items' => [9 => $item]]);
        self::assertSame([], OrderEvents::whatWasRefunded(self::order(), $refund));
    }

    public function testARefundOfPartOfALinesPriceIsAnAmount(): void
    {
        $item = new WC_Order_Item_Product(['id' => 9, 'product_id' => 10, 'quantity' => 0, 'total' => '-8.40',
            'total_tax' => '-1.60', 'meta' => ['_refunded_item_id' => '2']]);
        $refund = new WC_Order_Refund(['id' => 20, 'amount' => '10.00', 'parent_id' => 15, 'items' => [9 => $item]]);
        self::assertSame(
            ['amount' => ['amount' => 1000, 'currency' => 'EUR']],
            OrderEvents::whatWasRefunded(self::order(), $refund),
        );
    }

    public function testTheSweepReadsOrdersByTheirIds(): void
    {
        self::order();
        $orders = new WooOrders();
        self::assertTrue($orders->usesOffers('15'));
        self::assertSame('Placed', $orders->stateOf('15')->name);
        self::assertSame('Unknown', $orders->stateOf('cart-15')->name);
        self::assertSame([2], array_map(static fn ($line) => $line->get_id(), OfferLines::ofOrder(wc_get_order(15))));
    }
}
