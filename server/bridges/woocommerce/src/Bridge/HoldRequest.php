<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What an order needs to hold before its payment. */
final class HoldRequest
{
    /**
     * @param string $order The shop's id of the order; it exists before the payment.
     * @param list<array{token: string, sku: string, qty: int, unit: int, currency: string}> $lines
     *        At least one. `unit` is the price that is charged for one unit, in minor units, read back.
     * @param string $customer The id of the customer who is logged in; empty: nobody.
     * @param string $session The shopper's Tactful session, if the page named it.
     * @param int $seconds How long the offers are held.
     */
    public function __construct(
        public readonly string $order,
        public readonly string $territory,
        public readonly array $lines,
        public readonly string $customer = '',
        public readonly string $session = '',
        public readonly int $seconds = 1_800,
    ) {
    }

    /** Return the same request without the customer. */
    public function withoutCustomer(): self
    {
        return new self($this->order, $this->territory, $this->lines, '', $this->session, $this->seconds);
    }

    /**
     * Return the body of `POST /v1/redemptions` for one attempt.
     *
     * @return array<string, mixed>
     */
    public function body(int $number): array
    {
        $body = [
            'tokens' => array_column($this->lines, 'token'),
            'order' => $this->order,
            'attempt' => $number,
            'hold' => $this->seconds,
            'territory' => $this->territory,
            'lines' => array_map(
                static fn (array $line): array => [
                    'sku' => $line['sku'],
                    'qty' => $line['qty'],
                    'unit' => Money::fact($line['unit'], $line['currency']),
                ],
                $this->lines,
            ),
        ];
        if ($this->customer !== '') {
            $body['customer'] = $this->customer;
        }
        if ($this->session !== '') {
            $body['session'] = $this->session;
        }
        return $body;
    }
}
