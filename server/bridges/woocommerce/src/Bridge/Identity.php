<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Signed identities: proof to the widget's server of the customer who is logged in. */
final class Identity
{
    /** Seconds for which an identity is valid. */
    private const LIFE = 300;

    /**
     * Return a JWT (RFC 7519, HS256) for `tactful('identify', …)`.
     *
     * @param string $customer The shop's id of the customer, never taken from the page.
     * @param int $now Seconds since the Unix epoch, UTC.
     */
    public static function sign(string $secret, string $customer, int $now): string
    {
        $head = self::part(['alg' => 'HS256', 'typ' => 'tactful-identity+jwt']);
        $claims = self::part(['sub' => $customer, 'aud' => 'tactful', 'iat' => $now, 'exp' => $now + self::LIFE]);
        return "$head.$claims." . self::base64url(hash_hmac('sha256', "$head.$claims", $secret, true));
    }

    /**
     * Return an identity that is signed with the key of a pairing.
     *
     * @param string $customer The shop's id of the customer, never taken from the page.
     * @param int $now Seconds since the Unix epoch, UTC.
     * @return array{customer: string, expires: int, hmac: string}
     */
    public static function signWithKey(string $key, string $customer, int $now): array
    {
        $expires = $now + self::LIFE;
        return ['customer' => $customer, 'expires' => $expires, 'hmac' => hash_hmac('sha256', "$customer|$expires", $key)];
    }

    /** @param array<string, mixed> $value */
    private static function part(array $value): string
    {
        return self::base64url(json_encode($value, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR));
    }

    private static function base64url(string $raw): string
    {
        return rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
    }
}
