<?php
/** The functions of WordPress that the plugin calls, as far as the tests need them. */

declare(strict_types=1);

const DAY_IN_SECONDS = 86_400;

/** Hooks and options of one test. */
final class Shop
{
    /** @var array<string, array<int, list<callable>>> */
    public static array $hooks = [];
    /** @var array<string, mixed> */
    public static array $options = [];
    /** @var list<string> */
    public static array $notices = [];
    /** @var list<string> */
    public static array $log = [];
    /** @var array<int, object> Products and orders by id. */
    public static array $objects = [];

    public static function reset(): void
    {
        self::$hooks = self::$options = self::$notices = self::$log = self::$objects = [];
        self::$options = [
            'woocommerce_currency' => 'EUR', 'woocommerce_tax_display_shop' => 'incl',
            'woocommerce_prices_include_tax' => 'yes', 'woocommerce_calc_taxes' => 'yes',
        ];
    }
}

function add_filter(string $name, callable $call, int $priority = 10, int $count = 1): bool
{
    Shop::$hooks[$name][$priority][] = static fn (mixed ...$given): mixed => $call(...array_slice($given, 0, $count));
    return true;
}

function add_action(string $name, callable $call, int $priority = 10, int $count = 1): bool
{
    return add_filter($name, $call, $priority, $count);
}

function remove_filter(string $name, callable $call, int $priority = 10): bool
{
    unset(Shop::$hooks[$name][$priority]);
    return true;
}

function apply_filters(string $name, mixed $value, mixed ...$more): mixed
{
    $hooks = Shop::$hooks[$name] ?? [];
    ksort($hooks);
    foreach ($hooks as $calls) {
        foreach ($calls as $call) {
            $value = $call($value, ...$more);
        }
    }
    return $value;
}

function do_action(string $name, mixed ...$given): void
{
    $calls = Shop::$hooks[$name] ?? [];
    ksort($calls);
    foreach (array_merge([], ...$calls) as $call) {
        $call(...$given);
    }
}

function get_option(string $name, mixed $default = false): mixed
{
    return Shop::$options[$name] ?? $default;
}

function update_option(string $name, mixed $value, mixed $autoload = null): bool
{
    Shop::$options[$name] = $value;
    return true;
}

function register_activation_hook(string $file, callable $call): void
{
}

function register_deactivation_hook(string $file, callable $call): void
{
}

function untrailingslashit(string $text): string
{
    return rtrim($text, '/');
}

function wp_parse_url(string $url): array|false
{
    return parse_url($url);
}

function __(string $text, string $domain = ''): string
{
    return $text;
}

function _n(string $one, string $many, int $number, string $domain = ''): string
{
    return $number === 1 ? $one : $many;
}

function esc_html(string $text): string
{
    return htmlspecialchars($text);
}

function wp_strip_all_tags(string $text): string
{
    return strip_tags($text);
}

function get_current_user_id(): int
{
    return 0;
}

function wp_set_current_user(int $id): void
{
}

function is_email(string $text): string|false
{
    return str_contains($text, '@') ? $text : false;
}

function wp_get_attachment_url(int $id): string|false
{
    return false;
}

function home_url(): string
{
    return 'https://shop.example/blog';
}
