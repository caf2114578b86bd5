<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** Reports of what changes in the shop: products, stock, orders, refunds, reviews. */
final class FactEvents
{
    /** Hooks that pass the id of a product or variation. */
    private const PRODUCTS = [
        'woocommerce_new_product', 'woocommerce_update_product', 'woocommerce_trash_product',
        'woocommerce_new_product_variation', 'woocommerce_update_product_variation',
        'woocommerce_trash_product_variation', 'untrashed_post',
    ];
    /** Hooks that pass the product or variation itself. */
    private const STOCK = [
        'woocommerce_product_set_stock', 'woocommerce_variation_set_stock',
        'woocommerce_product_set_stock_status', 'woocommerce_variation_set_stock_status',
    ];

    public static function register(): void
    {
        foreach (self::PRODUCTS as $hook) {
            add_action($hook, [self::class, 'product']);
        }
        foreach (self::STOCK as $hook) {
            add_action($hook, static fn (mixed $product) => self::product(
                $product instanceof \WC_Product ? $product->get_id() : (int) $product,
            ));
        }
        add_action('woocommerce_before_product_object_save', [self::class, 'renamed']);
        add_action('before_delete_post', [self::class, 'deleted']);
        add_action('woocommerce_new_order', [self::class, 'order']);
        add_action('woocommerce_update_order', [self::class, 'order']);
        add_action('woocommerce_order_refunded', static fn (mixed $id, mixed $refund) => Jobs::report("refund:$refund"), 20, 2);
        add_action('comment_post', [self::class, 'review']);
        add_action('edit_comment', [self::class, 'review']);
        add_action('wp_set_comment_status', [self::class, 'review']);
    }

    public static function product(mixed $id): void
    {
        if (in_array(get_post_type((int) $id), ['product', 'product_variation'], true)) {
            Jobs::report('product:' . (int) $id);
        }
    }

    /** Report that an SKU is gone whose product gets another one. */
    public static function renamed(\WC_Product $product): void
    {
        $before = (string) ($product->get_data()['sku'] ?? '');
        $after = $product->get_changes()['sku'] ?? null;
        if ($product->get_id() > 0 && $after !== null && $after !== $before) {
            Jobs::report('gone:' . ($before !== '' ? $before : $product->get_id()));
        }
    }

    /** Report that a product is gone before its data are deleted. */
    public static function deleted(int $id): void
    {
        $isProduct = in_array(get_post_type($id), ['product', 'product_variation'], true);
        $product = $isProduct ? wc_get_product($id) : null;
        if ($product instanceof \WC_Product && !$product->is_type('variable')) {
            Jobs::report('gone:' . Catalogue::sku($product));
        }
    }

    public static function order(mixed $id): void
    {
        Jobs::report('order:' . (int) $id);
    }

    public static function review(mixed $id): void
    {
        $comment = get_comment((int) $id);
        if ($comment instanceof \WP_Comment && get_post_type((int) $comment->comment_post_ID) === 'product') {
            Jobs::report('review:' . (int) $id);
        }
    }
}
