<?php
/** What the shop sells; run inside WordPress. */

declare(strict_types=1);

WC_Install::install();
WC_Install::create_pages();
// As after an installation by hand: block themes show the Mini-Cart block in their header.
update_option('woocommerce_hooked_blocks_version', WC()->version);
Tactful\Woo\Tables::create();
WC_Tax::_insert_tax_rate(['tax_rate_country' => 'GB', 'tax_rate' => '20', 'tax_rate_name' => 'VAT', 'tax_rate_shipping' => 1]);
$zone = new WC_Shipping_Zone();
$zone->set_zone_name('GB');
$zone->add_location('GB', 'country');
$zone->save();
$zone->add_shipping_method('free_shipping');
$image = static function (string $name, int $red): int {
    $picture = imagecreatetruecolor(600, 600);
    imagefill($picture, 0, 0, imagecolorallocate($picture, $red, 120, 200));
    $file = wp_upload_dir()['path'] . "/$name.png";
    imagepng($picture, $file);
    return wp_insert_attachment(['post_mime_type' => 'image/png', 'post_title' => $name, 'post_status' => 'inherit'], $file);
};
$aero = new WC_Product_Simple();
$aero->set_props(['name' => 'Aero Runner', 'sku' => 'RUN-42', 'regular_price' => '129.00', 'manage_stock' => true, 'stock_quantity' => 500]);
$aero->set_slug('aero-runner');
$aero->set_image_id($image('front', 20));
$aero->set_gallery_image_ids([$image('side', 90), $image('back', 160)]);
$aero->save();
$socks = new WC_Product_Simple();
$socks->set_props(['name' => 'Socks', 'sku' => 'SOCK-1', 'regular_price' => '19.90', 'slug' => 'socks']);
$socks->save();
$attribute = new WC_Product_Attribute();
$attribute->set_name('Size');
$attribute->set_options(['S', 'M']);
$attribute->set_visible(true);
$attribute->set_variation(true);
$shirt = new WC_Product_Variable();
$shirt->set_props(['name' => 'Trail Shirt', 'sku' => 'SHIRT', 'slug' => 'trail-shirt']);
$shirt->set_attributes([$attribute]);
$shirt->save();
foreach (['S' => 'SHIRT-S', 'M' => ''] as $size => $sku) {
    $variation = new WC_Product_Variation();
    $variation->set_props(['parent_id' => $shirt->get_id(), 'sku' => $sku, 'regular_price' => '40.00', 'status' => 'publish']);
    $variation->set_attributes(['size' => $size]);
    $variation->save();
}
WC_Product_Variable::sync($shirt->get_id());
foreach (['cart' => '[woocommerce_cart]', 'checkout' => '[woocommerce_checkout]'] as $name => $text) {
    $id = wp_insert_post(['post_type' => 'page', 'post_status' => 'publish', 'post_title' => "Classic $name", 'post_name' => "classic-$name", 'post_content' => $text]);
    update_option("lab_classic_$name", $id);
    update_option("lab_blocks_$name", wc_get_page_id($name));
}
update_option('woocommerce_lab_settings', ['enabled' => 'yes']);
// Each has a test of its own: WooCommerce keeps the cart and the address of a customer from visit to visit.
foreach (['mia', 'noa'] as $name) {
    $customer = wp_create_user($name, 'a-password-of-the-tests', "$name@shop.example");
    (new WP_User($customer))->set_role('customer');
}
flush_rewrite_rules();
