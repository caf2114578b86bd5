<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Tactful\Woo\Bridge\CartItem;
use Tactful\Woo\Bridge\OfferClaims;
use Tactful\Woo\Catalogue;
use Tactful\Woo\Connection;
use Tactful\Woo\OfferLines;
use Tactful\Woo\Settings;
use Tactful\Woo\Storefront;

final class OfferLinesTest extends TestCase
{
    private WC_Cart $cart;
    private WC_Product $product;

    protected function setUp(): void
    {
        Shop::reset();
        $GLOBALS['wpdb'] = new wpdb();
        Shop::$options[Settings::OPTION] = ['url' => 'http://t', 'server_key' => 'k'];
        $vectors = json_decode((string) file_get_contents(__DIR__ . '/../../../vectors/tokens.json'), true);
        $claims = ['offer' => 'of_1', 'sku' => 'RUN-42', 'territory' => 'DE', 'currency' => 'EUR', 'unit' => 10965,
            'max_qty' => 2, 'iat' => 1, 'exp' => 4_000_000_000, 'rulebook' => 'r', 'holder' => 'h'];
        $seed = hex2bin($vectors['seeds']['new']);
        $transport = (new ScriptedTransport())->answer(200, $vectors['jwks']);
        $this->product = new WC_Product(['id' => 10, 'sku' => 'RUN-42', 'price' => '129.00']);
        (new OfferLines(new Connection(Settings::saved(), $transport)))->register();
        $this->cart = new WC_Cart();
        $token = self::sign($claims, $seed, $vectors['jwks']['keys'][0]['kid'], $vectors['jwks']['keys'][1]['kid']);
        $this->put('offer', ['tactful' => ['offer' => 'of_1', 'token' => $token]]);
        $this->put('plain', []);
    }

    /** @param array<string, mixed> $claims */
    private static function sign(array $claims, string $seed, string ...$kids): string
    {
        ksort($claims);
        $pair = sodium_crypto_sign_seed_keypair($seed);
        $url = static fn (string $raw): string => rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
        $jwk = json_encode(['crv' => 'Ed25519', 'kty' => 'OKP', 'x' => $url(sodium_crypto_sign_publickey($pair))]);
        $kid = $url(hash('sha256', (string) $jwk, true)); // RFC 7638
        assert(in_array($kid, $kids, true));
        $head = $url((string) json_encode(['alg' => 'EdDSA', 'kid' => $kid, 'typ' => 'offer+jwt']));
        $text = $head . '.' . $url((string) json_encode($claims));
        return $text . '.' . $url(sodium_crypto_sign_detached($text, sodium_crypto_sign_secretkey($pair)));
    }

    /** @param array<string, mixed> $data */
    private function put(string $key, array $data): void
    {
        $item = ['key' => $key, 'quantity' => 1, 'data' => $this->product] + $data;
        $this->cart->cart_contents[$key] = apply_filters('woocommerce_add_cart_item', $item);
    }

    private function price(string $key): string
    {
        return $this->cart->cart_contents[$key]['data']->get_price();
    }

    public function testALineHasThePromisedPriceAndAPlainLineItsOwn(): void
    {
        $this->cart->calculate_totals();
        self::assertSame(['109.65', '129.00'], [$this->price('offer'), $this->price('plain')]);
    }

    public function testASecondCalculationComparesWithTheOwnPriceAgain(): void
    {
        $this->cart->calculate_totals();
        $this->cart->calculate_totals();
        self::assertSame('109.65', $this->price('offer'));
    }

    public function testALowerPriceOfAnotherPluginIsCharged(): void
    {
        add_action('woocommerce_before_calculate_totals', static function (WC_Cart $cart): void {
            $cart->cart_contents['offer']['data']->set_price('99.00');
        });
        $this->cart->calculate_totals();
        self::assertSame('99.00', $this->price('offer'));
        self::assertSame([], $this->kept());
    }

    public function testMoreUnitsThanTheOfferAllowsCostTheOwnPrice(): void
    {
        $this->cart->cart_contents['offer']['quantity'] = 3;
        $this->cart->calculate_totals();
        self::assertSame('129.00', $this->price('offer'));
        $item = $this->cart->cart_contents['offer'];
        self::assertSame(2, apply_filters('woocommerce_store_api_product_quantity_maximum', 500, $this->product, $item));
        self::assertFalse(apply_filters('woocommerce_update_cart_validation', true, 'offer', $item, 3));
        self::assertSame(['error: The offer is for at most 2 units.'], Shop::$notices);
        self::assertTrue(apply_filters('woocommerce_update_cart_validation', true, 'offer', $item, 2));
    }

    public function testNoCouponReducesALineWithAnOffer(): void
    {
        $this->cart->calculate_totals();
        $items = [(object) ['key' => 'offer'], (object) ['key' => 'plain']];
        self::assertSame([$items[1]], apply_filters('woocommerce_coupon_get_items_to_apply', $items));
    }

    public function testTheOrderKeepsTokenOfferAndPromise(): void
    {
        $this->cart->calculate_totals();
        self::assertSame(['of_1', '10965'], $this->kept());
    }

    /** @return list<string> Offer and unit that an order's line keeps. */
    private function kept(): array
    {
        $item = new WC_Order_Item_Product(['id' => 1]);
        do_action('woocommerce_checkout_create_order_line_item', $item, 'offer', $this->cart->cart_contents['offer']);
        return array_values(array_filter([$item->get_meta(OfferLines::OFFER), $item->get_meta(OfferLines::UNIT)]));
    }

    public function testADroppedOfferLeavesTheLineAtItsOwnPrice(): void
    {
        WC()->cart = $this->cart;
        $this->cart->calculate_totals();
        OfferLines::drop(['of_1']);
        self::assertSame('129.00', $this->price('offer'));
        self::assertArrayNotHasKey('tactful', $this->cart->cart_contents['offer']);
        WC()->cart = null;
    }

    public function testAPriceThatIsStoredWithoutTaxIsTheInverseOfWhatIsShown(): void
    {
        Shop::$options['woocommerce_prices_include_tax'] = 'no';
        $stored = Catalogue::storedFor($this->product, 109.65);
        self::assertSame(10965, Catalogue::item($this->product, 'DE', (string) $stored)->unit);
        Shop::$options['woocommerce_tax_display_shop'] = 'excl';
        self::assertSame(109.65, Catalogue::storedFor($this->product, 109.65));
    }

    public function testAVariationWithoutAnSkuIsNamedByItsId(): void
    {
        $variation = new WC_Product(['id' => 12, 'sku' => '', 'price' => '1', 'type' => 'variation']);
        $named = (new Storefront(Settings::saved()))->nameVariation(['sku' => 'SHIRT'], null, $variation);
        self::assertSame(['sku' => 'SHIRT', 'tactful_sku' => '12'], $named);
    }

    /** @return array<string, array{0: array<string, mixed>, 1: int, 2: ?string}> */
    public function reasons(): array
    {
        return [
            'fits' => [[], 1, null],
            'another item' => [['sku' => 'X'], 1, 'offer.item'],
            'another territory' => [['territory' => 'AT'], 1, 'offer.territory'],
            'another currency' => [['currency' => 'GBP'], 1, 'offer.currency'],
            'too many' => [[], 3, 'offer.quantity'],
            'none' => [[], 0, 'offer.quantity'],
            'twice' => [['offer' => 'of_2'], 1, 'offer.in_cart'],
            'no saving' => [['unit' => 12900], 1, 'offer.no_saving'],
            'of the order' => [['level' => 'order'], 1, 'offer.level'],
        ];
    }

    /**
     * @dataProvider reasons
     * @param array<string, mixed> $change
     */
    public function testAnOfferThatDoesNotFitIsRefusedWithItsReason(array $change, int $quantity, ?string $wanted): void
    {
        $claims = new OfferClaims(...($change + ['offer' => 'of_1', 'sku' => 'RUN-42', 'territory' => 'DE',
            'currency' => 'EUR', 'unit' => 10965, 'maxQty' => 2, 'exp' => 1]));
        $item = new CartItem('RUN-42', 'DE', 'EUR', 12900);
        self::assertSame($wanted, $item->reasonAgainst($claims, $quantity, ['of_2']));
    }
}
