<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Automattic\WooCommerce\StoreApi\Exceptions\RouteException;
use Tactful\Woo\Bridge\BridgeError;
use Tactful\Woo\Bridge\HoldRequest;
use Tactful\Woo\Bridge\OutcomeUnknown;
use Tactful\Woo\Bridge\Refused;

/** Holds of offers around a payment, and the messages to shoppers when nothing can be held. */
final class CheckoutHolds
{
    public function __construct(private readonly Connection $connection)
    {
    }

    public function register(): void
    {
        // Before other plugins' reactions to the order, such as a reservation at the bank.
        add_action('woocommerce_checkout_order_processed', [$this, 'beforeClassicPayment'], 5);
        add_action('woocommerce_store_api_checkout_order_processed', [$this, 'beforeBlocksPayment'], 5);
        add_action('woocommerce_before_pay_action', [$this, 'beforeLaterPayment'], 5);
        add_action('template_redirect', [$this, 'backAtTheCart']);
    }

    /** Hold before the payment of the classic checkout; WooCommerce shows the exception's text. */
    public function beforeClassicPayment(mixed $id): void
    {
        // Some payment plugins call this hook with the id alone.
        $order = wc_get_order($id);
        if (!$order instanceof \WC_Order) {
            return;
        }
        try {
            $this->hold($order);
        } catch (HoldRefused $refused) {
            // The page fetches the present totals before the next attempt.
            WC()->session?->set('refresh_totals', true);
            throw new \Exception(esc_html($refused->getMessage()));
        }
    }

    /** Hold before the payment of the Blocks checkout; its 409 carries the present cart. */
    public function beforeBlocksPayment(\WC_Order $order): void
    {
        try {
            $this->hold($order);
        } catch (HoldRefused $refused) {
            $code = 'tactful_' . str_replace('.', '_', $refused->reason);
            throw new RouteException($code, esc_html($refused->getMessage()), 409);
        }
    }

    /** Hold before an order is paid by its link; an error notice ends WooCommerce's payment. */
    public function beforeLaterPayment(\WC_Order $order): void
    {
        try {
            $this->hold($order);
        } catch (HoldRefused $refused) {
            wc_add_notice(esc_html($refused->getMessage()), 'error');
        }
    }

    /** Release what an unpaid order holds when its shopper is back at the cart. */
    public function backAtTheCart(): void
    {
        if (!is_cart() || WC()->session === null) {
            return;
        }
        foreach (['order_awaiting_payment', 'store_api_draft_order'] as $name) {
            $order = wc_get_order((int) WC()->session->get($name, 0));
            $isUnpaid = $order instanceof \WC_Order && $order->has_status(['pending', 'checkout-draft', 'failed']);
            if ($isUnpaid && $this->connection->checkout->release((string) $order->get_id())) {
                Jobs::deliverSoon((string) $order->get_id());
            }
        }
    }

    /**
     * Hold every offer of an order before its payment.
     *
     * @throws HoldRefused The payment must not be taken.
     */
    public function hold(\WC_Order $order): void
    {
        $number = (string) $order->get_id();
        $lines = OfferLines::ofOrder($order);
        if ($lines === []) {
            if ($this->connection->checkout->release($number)) {
                Jobs::deliverSoon($number);
            }
            return;
        }
        try {
            $this->connection->checkout->hold($this->request($order, $lines));
        } catch (OutcomeUnknown $error) {
            (new WooLog())->warning("Order $number: the offers cannot be held now: {$error->getMessage()}");
            throw new HoldRefused('offer.later', __(
                'The price of an offer in your cart cannot be confirmed at the moment. Nothing was charged. Please try again in a minute.',
                'tactful-woo',
            ));
        } catch (Refused $refused) {
            (new WooLog())->warning("Order $number: the offers are refused: {$refused->reason}");
            throw $this->ended($lines);
        }
    }

    /** @param list<\WC_Order_Item_Product> $lines At least one. */
    private function request(\WC_Order $order, array $lines): HoldRequest
    {
        $asked = [];
        foreach ($lines as $line) {
            $unit = (int) $line->get_meta(OfferLines::UNIT);
            $charged = Catalogue::charged($line, $order);
            if ($charged !== $unit * $line->get_quantity()) {
                (new WooLog())->error(sprintf(
                    'Order %d: the line of an offer costs %d instead of %d minor units. Another plugin changed its price.',
                    $order->get_id(), $charged, $unit * $line->get_quantity(),
                ));
                throw new HoldRefused('offer.price', __(
                    'An offer in your cart cannot be combined with another reduction. Nothing was charged.',
                    'tactful-woo',
                ));
            }
            $product = $line->get_product();
            $asked[] = [
                'token' => (string) $line->get_meta(OfferLines::TOKEN),
                'sku' => $product instanceof \WC_Product ? Catalogue::sku($product) : '',
                'qty' => (int) $line->get_quantity(),
                'unit' => $unit,
                'currency' => $order->get_currency(),
            ];
        }
        $customer = $order->get_customer_id();
        return new HoldRequest(
            (string) $order->get_id(),
            $this->connection->settings->territory,
            $asked,
            $customer > 0 ? (string) $customer : '',
        );
    }

    /** @param list<\WC_Order_Item_Product> $lines */
    private function ended(array $lines): HoldRefused
    {
        $dead = array_values(array_filter($lines, fn (\WC_Order_Item_Product $line): bool => !$this->stands($line)));
        $dead = $dead ?: $lines; // which one is refused cannot be told apart
        OfferLines::drop(array_map(static fn ($line): string => (string) $line->get_meta(OfferLines::OFFER), $dead));
        return new HoldRefused('offer.ended', sprintf(
            /* translators: %s: names of products */
            __('The offer on %s has ended, and nothing was charged. Your cart now shows the present price.', 'tactful-woo'),
            implode(', ', array_map(static fn ($line): string => $line->get_name(), $dead)),
        ));
    }

    private function stands(\WC_Order_Item_Product $line): bool
    {
        try {
            $path = '/v1/offers/' . rawurlencode((string) $line->get_meta(OfferLines::OFFER));
            return ($this->connection->client->ask('GET', $path, null, 0)['state'] ?? '') === 'accepted';
        } catch (BridgeError) {
            return false;
        }
    }
}
