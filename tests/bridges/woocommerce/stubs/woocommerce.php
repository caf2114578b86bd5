<?php
/** The classes and functions of WooCommerce that the plugin uses, as far as the tests need them. */

declare(strict_types=1);

class WC_Product
{
    private ?string $cartPrice = null;

    /** @param array<string, mixed> $props */
    public function __construct(private array $props)
    {
        Shop::$objects[$props['id']] = $this;
    }

    public function get_id(): int
    {
        return $this->props['id'];
    }

    public function get_sku(string $context = 'view'): string
    {
        return $this->props['sku'] ?? '';
    }

    public function get_price(string $context = 'view'): string
    {
        return $this->cartPrice ?? $this->props['price'];
    }

    public function set_price(string $price): void
    {
        $this->cartPrice = $price;
    }

    public function get_regular_price(): string
    {
        return $this->props['regular_price'] ?? $this->props['price'];
    }

    public function get_name(): string
    {
        return $this->props['name'] ?? 'Aero Runner';
    }

    public function get_status(): string
    {
        return $this->props['status'] ?? 'publish';
    }

    public function get_parent_id(): int
    {
        return $this->props['parent_id'] ?? 0;
    }

    public function is_type(string|array $types): bool
    {
        return in_array($this->props['type'] ?? 'simple', (array) $types, true);
    }

    /** @return list<int> */
    public function get_children(): array
    {
        return $this->props['children'] ?? [];
    }

    /** @return list<int> */
    public function get_category_ids(): array
    {
        return [];
    }

    public function get_image_id(): int
    {
        return 0;
    }

    public function get_permalink(): string
    {
        return $this->props['permalink'] ?? 'https://shop.example/product/aero-runner/';
    }

    public function is_taxable(): bool
    {
        return true;
    }

    public function get_tax_class(string $context = 'view'): string
    {
        return '';
    }

    public function managing_stock(): bool
    {
        return $this->props['manage_stock'] ?? true;
    }

    public function get_stock_quantity(): ?int
    {
        return $this->props['stock_quantity'] ?? 9;
    }

    public function is_in_stock(): bool
    {
        return $this->props['in_stock'] ?? true;
    }

    public function backorders_allowed(): bool
    {
        return $this->props['backorders'] ?? false;
    }
}

class WC_Order_Item
{
    /** @param array<string, mixed> $props */
    public function __construct(protected array $props)
    {
    }

    public function get_id(): int
    {
        return $this->props['id'];
    }

    public function get_meta(string $name): mixed
    {
        return $this->props['meta'][$name] ?? '';
    }

    public function update_meta_data(string $name, mixed $value): void
    {
        $this->props['meta'][$name] = $value;
    }
}

class WC_Order_Item_Product extends WC_Order_Item
{
    public function get_product(): WC_Product|false
    {
        return Shop::$objects[$this->props['product_id']] ?? false;
    }

    public function get_quantity(): int
    {
        return $this->props['quantity'];
    }

    public function get_total(): string
    {
        return $this->props['total'];
    }

    public function get_total_tax(): string
    {
        return $this->props['total_tax'];
    }

    /** @return array{total: array<int, string>, subtotal: array<int, string>} */
    public function get_taxes(): array
    {
        return $this->props['taxes'];
    }

    /** @param array{total: array<int, float>, subtotal: array<int, float>} $taxes */
    public function set_taxes(array $taxes): void
    {
        $this->props['taxes'] = array_map(static fn (array $one): array => array_map('strval', $one), $taxes);
        $this->props['total_tax'] = (string) array_sum($taxes['total']);
    }

    public function get_name(): string
    {
        return 'Aero Runner';
    }
}

class WC_DateTime extends DateTime
{
}

class WC_Abstract_Order
{
    /** @param array<string, mixed> $props */
    public function __construct(protected array $props)
    {
        Shop::$objects[$props['id']] = $this;
    }

    public function get_id(): int
    {
        return $this->props['id'];
    }

    /** @return array<int, WC_Order_Item> */
    public function get_items(): array
    {
        return $this->props['items'] ?? [];
    }

    public function get_item(int $id): WC_Order_Item|false
    {
        return $this->props['items'][$id] ?? false;
    }

    public function get_meta(string $name): mixed
    {
        return $this->props['meta'][$name] ?? '';
    }

    /** A change is in the order, and not in the database before it is saved. */
    public function update_meta_data(string $name, mixed $value): void
    {
        $this->props['unsaved'][$name] = $value;
    }

    public function save_meta_data(): void
    {
        $this->props['meta'] = ($this->props['unsaved'] ?? []) + ($this->props['meta'] ?? []);
    }

    public function get_currency(): string
    {
        return 'EUR';
    }

    public function get_total(): string
    {
        return $this->props['total'] ?? '0';
    }

    public function get_date_created(): ?WC_DateTime
    {
        return new WC_DateTime('2026-03-01T10:00:00Z');
    }
}

class WC_Order extends WC_Abstract_Order
{
    public function get_status(): string
    {
        return $this->props['status'] ?? 'pending';
    }

    public function has_status(string|array $statuses): bool
    {
        return in_array($this->get_status(), (array) $statuses, true);
    }

    public function get_customer_id(): int
    {
        return $this->props['customer_id'] ?? 0;
    }

    public function get_billing_email(): string
    {
        return $this->props['billing']['email'] ?? '';
    }

    public function get_shipping_country(): string
    {
        return $this->props['shipping']['country'] ?? '';
    }

    public function get_billing_country(): string
    {
        return $this->props['billing']['country'] ?? '';
    }

    /** @return list<string> */
    public function get_coupon_codes(): array
    {
        return array_column($this->props['coupon_lines'] ?? [], 'code');
    }

    public function get_order_number(): string
    {
        return (string) ($this->props['number'] ?? $this->props['id']);
    }
}

class WC_Order_Refund extends WC_Abstract_Order
{
    public function get_amount(): string
    {
        return $this->props['amount'];
    }

    public function get_parent_id(): int
    {
        return $this->props['parent_id'];
    }
}

class WC_Cart
{
    /** @var array<string, array<string, mixed>> */
    public array $cart_contents = [];

    /** @return array<string, array<string, mixed>> */
    public function get_cart(): array
    {
        return $this->cart_contents;
    }

    public function calculate_totals(): void
    {
        do_action('woocommerce_before_calculate_totals', $this);
    }

    public function set_session(): void
    {
    }
}

final class WC_Tax
{
    private const RATES = [1 => ['rate' => 19.0]];

    public static function get_rates(): array
    {
        return self::RATES;
    }

    public static function get_base_tax_rates(): array
    {
        return self::RATES;
    }

    public static function calc_inclusive_tax(float $price, array $rates): array
    {
        return [1 => $price - $price / 1.19];
    }

    public static function calc_exclusive_tax(float $price, array $rates): array
    {
        return [1 => $price * 0.19];
    }
}

final class Woo
{
    public ?object $customer = null;
    public ?object $session = null;
    public ?WC_Cart $cart = null;
}

function WC(): Woo
{
    static $woo = null;
    return $woo ??= new Woo();
}

function wc_get_base_location(): array
{
    return ['country' => 'DE', 'state' => ''];
}

function wc_get_product(int $id): WC_Product|false
{
    $found = Shop::$objects[$id] ?? false;
    return $found instanceof WC_Product ? $found : false;
}

function wc_get_order(int|WC_Abstract_Order $id): WC_Abstract_Order|false
{
    $id = is_int($id) ? $id : $id->get_id();
    $found = Shop::$objects[$id] ?? false;
    return $found instanceof WC_Abstract_Order ? $found : false;
}

function wc_tax_enabled(): bool
{
    return get_option('woocommerce_calc_taxes') === 'yes';
}

function wc_prices_include_tax(): bool
{
    return get_option('woocommerce_prices_include_tax') === 'yes';
}

function wc_get_price_decimals(): int
{
    return (int) get_option('woocommerce_price_num_decimals', 2);
}

function wc_round_tax_total(float $value, int $precision): float
{
    return round($value, $precision, wc_prices_include_tax() ? PHP_ROUND_HALF_DOWN : PHP_ROUND_HALF_UP);
}

function get_woocommerce_currency(): string
{
    return (string) get_option('woocommerce_currency');
}

/** @param array{price?: string} $asked */
function wc_get_price_including_tax(WC_Product $product, array $asked): float
{
    $price = (float) ($asked['price'] ?? $product->get_price());
    return round(wc_prices_include_tax() ? $price : $price * 1.19, 2);
}

/** @param array{price?: string} $asked */
function wc_get_price_excluding_tax(WC_Product $product, array $asked): float
{
    $price = (float) ($asked['price'] ?? $product->get_price());
    return wc_prices_include_tax() ? $price / 1.19 : $price;
}

function wc_add_notice(string $text, string $kind): void
{
    Shop::$notices[] = "$kind: $text";
}

function wc_get_logger(): object
{
    return new class () {
        public function __call(string $level, array $given): void
        {
            Shop::$log[] = "$level: {$given[0]}";
        }
    };
}

/** No test of these stubs writes to a database. */
class wpdb
{
}
