<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Tactful\Woo\OrderSessions;

final class OrderSessionsTest extends TestCase
{
    protected function setUp(): void
    {
        Shop::reset();
        OrderSessions::register();
    }

    protected function tearDown(): void
    {
        $_COOKIE = [];
    }

    /** @return array<string, array{0: string}> */
    public function hooks(): array
    {
        return [
            'classic checkout' => ['woocommerce_checkout_order_processed'],
            'Blocks checkout' => ['woocommerce_store_api_checkout_order_processed'],
        ];
    }

    /** @dataProvider hooks */
    public function testAnOrderIsWrittenWithTheSessionOfItsShopper(string $hook): void
    {
        $order = new WC_Order(['id' => 15]);
        $_COOKIE[OrderSessions::COOKIE] = 'se_AbC-1.2';
        do_action($hook, $hook === 'woocommerce_checkout_order_processed' ? 15 : $order);
        self::assertSame('se_AbC-1.2', $order->get_meta('_tactful_session'));
    }

    /** @return array<string, array{0: mixed}> */
    public function cookies(): array
    {
        return [
            'none' => [null], 'empty' => [''], 'markup' => ['<b>'], 'a list' => [['se_1']],
            'two lines' => ["se_1\n"], 'too long' => [str_repeat('s', 129)],
        ];
    }

    /** @dataProvider cookies */
    public function testAnythingElseInTheCookieIsIgnored(mixed $cookie): void
    {
        $order = new WC_Order(['id' => 15, 'meta' => ['_tactful_session' => 'se_before']]);
        $_COOKIE = $cookie === null ? [] : [OrderSessions::COOKIE => $cookie];
        do_action('woocommerce_store_api_checkout_order_processed', $order);
        self::assertSame('se_before', $order->get_meta('_tactful_session'));
    }
}
