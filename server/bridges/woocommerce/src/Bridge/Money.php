<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Amounts of money: between the shop's decimals and whole minor units. */
final class Money
{
    /** Digits of the minor unit (ISO 4217) of every currency in use that has not two of them. */
    private const DIGITS = [
        'BHD' => 3, 'BIF' => 0, 'CLP' => 0, 'DJF' => 0, 'GNF' => 0, 'IQD' => 3, 'ISK' => 0, 'JOD' => 3,
        'JPY' => 0, 'KMF' => 0, 'KRW' => 0, 'KWD' => 3, 'LYD' => 3, 'OMR' => 3, 'PYG' => 0, 'RWF' => 0,
        'TND' => 3, 'UGX' => 0, 'UYI' => 0, 'VND' => 0, 'VUV' => 0, 'XAF' => 0, 'XOF' => 0, 'XPF' => 0,
    ];

    /** Return an amount of the currency's main unit in minor units. WooCommerce computes in floats. */
    public static function minor(float|int|string $amount, string $currency): int
    {
        return (int) round((float) $amount * 10 ** self::digits($currency));
    }

    /** Return minor units as an amount in the currency's main unit. */
    public static function major(int $minor, string $currency): float
    {
        return $minor / 10 ** self::digits($currency);
    }

    /** @return array{amount: int, currency: string} */
    public static function fact(int $minor, string $currency): array
    {
        return ['amount' => $minor, 'currency' => $currency];
    }

    /** Return how many decimals the minor unit of a currency has. */
    public static function digits(string $currency): int
    {
        return self::DIGITS[$currency] ?? 2;
    }
}
