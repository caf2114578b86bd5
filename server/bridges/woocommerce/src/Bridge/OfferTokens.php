<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Offline verification of offer tokens: compact JWS, signed with EdDSA over Ed25519. */
final class OfferTokens
{
    /** The most characters of a token; a longer text is refused without parsing. */
    private const LONGEST = 4096;
    /** Header, payload and a signature of 64 bytes, whose last character carries two bits only. */
    private const COMPACT = '/\A([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{1,3400})\.([A-Za-z0-9_-]{85}[AQgw])\z/';
    private const TYPES = [
        'offer' => 'string', 'sku' => 'string', 'territory' => 'string', 'currency' => 'string',
        'unit' => 'integer', 'max_qty' => 'integer', 'iat' => 'integer', 'exp' => 'integer',
        'rulebook' => 'string', 'holder' => 'string',
    ];
    private const OPTIONAL = [
        'level' => 'string', 'at_most' => 'integer', 'percent_bp' => 'integer', 'min_order' => 'integer',
    ];

    /**
     * Return the Ed25519 keys of a JWK Set (RFC 7517): `kid` → 32 bytes.
     *
     * @param array<mixed> $document The parsed body of `/.well-known/jwks.json`.
     * @return array<string, string>
     * @throws OutcomeUnknown The document is no JWK Set, or a key in it is broken.
     */
    public static function keysOf(array $document): array
    {
        if (!is_array($document['keys'] ?? null)) {
            throw new OutcomeUnknown("The server's key document is no JWK Set.");
        }
        $keys = [];
        foreach ($document['keys'] as $jwk) {
            if (!is_array($jwk) || ($jwk['crv'] ?? '') !== 'Ed25519' || !isset($jwk['kid'], $jwk['x'])) {
                continue;
            }
            $raw = self::bytesOf((string) $jwk['x']);
            if (strlen($raw) !== SODIUM_CRYPTO_SIGN_PUBLICKEYBYTES) {
                throw new OutcomeUnknown("A key of the server's key document is broken.");
            }
            $keys[(string) $jwk['kid']] = $raw;
        }
        return $keys;
    }

    /**
     * Return the claims of a token that one of the keys signed, and whose offer has not ended.
     *
     * @param array<string, string> $keys As `keysOf` returns them.
     * @param int $now Milliseconds since the Unix epoch, UTC.
     * @throws TokenRefused
     */
    public static function verify(string $token, array $keys, int $now): OfferClaims
    {
        if (strlen($token) > self::LONGEST || !preg_match(self::COMPACT, $token, $found)) {
            throw new TokenRefused('token.malformed');
        }
        [, $head, $payload, $signature] = $found;
        $key = self::keyFor($head, $keys);
        if ($key === null) {
            throw new TokenRefused('token.key');
        }
        if (!sodium_crypto_sign_verify_detached(self::bytesOf($signature), "$head.$payload", $key)) {
            throw new TokenRefused('token.signature');
        }
        $claims = self::claimsIn($payload);
        if ($now >= $claims->exp * 1000) {
            throw new TokenRefused('token.expired');
        }
        return $claims;
    }

    /** @param array<string, string> $keys */
    private static function keyFor(string $head, array $keys): ?string
    {
        foreach ($keys as $kid => $key) {
            // PHP makes integers of array keys that look like them.
            $header = self::canonical((object) ['alg' => 'EdDSA', 'kid' => (string) $kid, 'typ' => 'offer+jwt']);
            if ($head === self::base64url($header)) {
                return $key;
            }
        }
        return null;
    }

    private static function claimsIn(string $payload): OfferClaims
    {
        $raw = self::bytesOf($payload);
        $found = json_decode($raw);
        if (!$found instanceof \stdClass || self::canonical($found) !== $raw || self::base64url($raw) !== $payload) {
            throw new TokenRefused('token.malformed');
        }
        foreach (self::TYPES + self::OPTIONAL as $name => $type) {
            $isAbsent = !property_exists($found, $name);
            if ($isAbsent ? isset(self::TYPES[$name]) : gettype($found->$name) !== $type) {
                throw new TokenRefused('token.malformed');
            }
        }
        $level = $found->level ?? null;
        if ($found->unit < 0 || $found->max_qty < 1 || !in_array($level, [null, 'order', 'shipping'], true)) {
            throw new TokenRefused('token.malformed');
        }
        return new OfferClaims(
            $found->offer, $found->sku, $found->territory, $found->currency,
            $found->unit, $found->max_qty, $found->exp, $level,
        );
    }

    /** Return the only spelling of a value that the server signs: sorted keys, no blanks. */
    private static function canonical(mixed $value): string
    {
        $flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS
            | JSON_PRESERVE_ZERO_FRACTION;
        return (string) json_encode(self::sorted($value), $flags);
    }

    private static function sorted(mixed $value): mixed
    {
        if (is_array($value)) {
            return array_map([self::class, 'sorted'], $value);
        }
        if (!$value instanceof \stdClass) {
            return $value;
        }
        $fields = get_object_vars($value);
        ksort($fields, SORT_STRING);
        return (object) array_map([self::class, 'sorted'], $fields);
    }

    private static function base64url(string $raw): string
    {
        return rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
    }

    private static function bytesOf(string $text): string
    {
        return (string) base64_decode(strtr($text, '-_', '+/'), true);
    }
}
