<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\Identity;
use Tactful\Woo\Bridge\OutcomeUnknown;
use Tactful\Woo\Bridge\TokenRefused;

/** The two addresses of the storefront's script: who is logged in, and an offer for the cart. */
final class TakeOffer
{
    public const NONCE = 'tactful-woo-take';
    /** Bytes; a token has at most 4,096. */
    private const LONGEST_BODY = 8_192;

    public function __construct(private readonly Connection $connection)
    {
    }

    public function register(): void
    {
        add_action('wc_ajax_tactful_woo_shopper', [$this, 'shopper']);
        add_action('wc_ajax_tactful_woo_take', [$this, 'take']);
    }

    /** Answer with what must not be in a cached page: the signed identity, and a nonce. */
    public function shopper(): void
    {
        nocache_headers();
        wp_send_json([
            'identity' => $this->identity(get_current_user_id()),
            'nonce' => wp_create_nonce(self::NONCE),
        ]);
    }

    /** @return string|array<string, mixed> The signed identity of a customer; empty: nobody, or nothing signs it. */
    private function identity(int $user): string|array
    {
        $settings = $this->connection->settings;
        return match (true) {
            $user <= 0 || !$settings->knowsCustomers() => '',
            $settings->identityKey !== '' => Identity::signWithKey($settings->identityKey, (string) $user, time()),
            default => Identity::sign($settings->identitySecret, (string) $user, time()),
        };
    }

    /**
     * Answer `POST {"token", "quantity"?, "options"?}` with the cart's address, or a problem.
     *
     * The status is 201, or 200 for an offer that was in the cart already: the first answer may be lost.
     */
    public function take(): void
    {
        nocache_headers();
        $nonce = sanitize_text_field(wp_unslash($_SERVER['HTTP_X_TACTFUL_NONCE'] ?? ''));
        if (!wp_verify_nonce($nonce, self::NONCE)) {
            $this->problem(403, 'request.nonce');
            return;
        }
        $body = (string) file_get_contents('php://input', false, null, 0, self::LONGEST_BODY + 1);
        $asked = strlen($body) <= self::LONGEST_BODY ? json_decode($body, true) : null;
        $token = $asked['token'] ?? null;
        $quantity = $asked['quantity'] ?? 1;
        $options = $asked['options'] ?? [];
        if (!is_string($token) || !is_int($quantity) || !is_array($options)) {
            $this->problem(400, 'request.malformed');
            return;
        }
        $reason = $this->put($token, $quantity, array_filter($options, 'is_string'));
        if ($reason === null || $reason === 'offer.in_cart') {
            wp_send_json(['cart' => wc_get_cart_url()], $reason === null ? 201 : 200);
        } else {
            $this->problem($reason === 'offer.later' ? 503 : 409, $reason);
        }
    }

    /**
     * Put the item of an offer into the cart, as a line of its own; return why it cannot be.
     *
     * @param array<string, string> $options The options that the page has selected (`attribute_…`).
     */
    private function put(string $token, int $quantity, array $options): ?string
    {
        try {
            $claims = $this->connection->keys->verify($token);
        } catch (TokenRefused) {
            return 'offer.ended';
        } catch (OutcomeUnknown) {
            return 'offer.later';
        }
        $product = Catalogue::find($claims->sku);
        if ($product === null || !$product->is_purchasable()) {
            return 'offer.item';
        }
        $cart = WC()->cart;
        $inCart = array_column(array_column($cart->get_cart(), OfferLines::DATA), 'offer');
        $item = Catalogue::item($product, $this->connection->settings->territory);
        $reason = $item->reasonAgainst($claims, $quantity, $inCart);
        if ($reason !== null) {
            return $reason;
        }
        $plain = $this->plainLine($product);
        $variation = $this->variation($product, $options, $plain);
        if ($variation === null) {
            return 'offer.options';
        }
        $data = [OfferLines::DATA => ['offer' => $claims->offer, 'token' => $token]];
        return $this->add($product, $quantity, $variation, $data, $plain) ? null : 'offer.stock';
    }

    /**
     * Add a line; units of the item that were in the cart at the shop's own price become units of it.
     *
     * @param array<string, string> $variation
     * @param array<string, mixed> $data
     * @param ?array<string, mixed> $plain The line at the shop's own price.
     */
    private function add(\WC_Product $product, int $quantity, array $variation, array $data, ?array $plain): bool
    {
        $cart = WC()->cart;
        $isVariation = $product->is_type('variation');
        $id = $isVariation ? $product->get_parent_id() : $product->get_id();
        $variationId = $isVariation ? $product->get_id() : 0;
        $left = $plain === null ? 0 : max(0, $plain['quantity'] - $quantity);
        if ($plain !== null) {
            $cart->set_quantity($plain['key'], $left);
        }
        $isAllowed = apply_filters('woocommerce_add_to_cart_validation', true, $id, $quantity, $variationId, $variation);
        $added = $isAllowed && $cart->add_to_cart($id, $quantity, $variationId, $variation, $data) !== false;
        if (!$added && $plain !== null) {
            $left === 0 ? $cart->restore_cart_item($plain['key']) : $cart->set_quantity($plain['key'], $plain['quantity']);
        }
        return $added;
    }

    /** @return ?array<string, mixed> The cart's line of a product without an offer. */
    private function plainLine(\WC_Product $product): ?array
    {
        foreach (WC()->cart->get_cart() as $item) {
            if (!isset($item[OfferLines::DATA]) && $item['data']->get_id() === $product->get_id()) {
                return $item;
            }
        }
        return null;
    }

    /**
     * Return the options of a variation for the cart; null: one of "any" value is not chosen yet.
     *
     * @param array<string, string> $options
     * @param ?array<string, mixed> $plain
     * @return ?array<string, string>
     */
    private function variation(\WC_Product $product, array $options, ?array $plain): ?array
    {
        if (!$product instanceof \WC_Product_Variation) {
            return [];
        }
        $found = [];
        foreach ($product->get_variation_attributes() as $name => $value) {
            $chosen = $value !== '' ? $value : ($options[$name] ?? $plain['variation'][$name] ?? '');
            if ($chosen === '') {
                return null;
            }
            $found[$name] = wc_clean($chosen);
        }
        return $found;
    }

    private function problem(int $status, string $code): void
    {
        $notices = wc_get_notices('error');
        wc_clear_notices();
        $said = wp_strip_all_tags((string) ($notices[0]['notice'] ?? ''));
        $message = match ($code) {
            'offer.options' => __('Choose the options of the product first, then take the offer again.', 'tactful-woo'),
            'offer.later' => __('The offer cannot be put into your cart at the moment. Please try again.', 'tactful-woo'),
            'offer.stock' => $said,
            default => '',
        };
        wp_send_json(['code' => $code, 'message' => $message ?: __('The offer has ended.', 'tactful-woo')], $status);
    }
}
