<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** The server's public keys, fetched when they are needed and kept for five minutes. */
final class KeyCache
{
    /** Milliseconds after which the keys are fetched again. */
    private const MAX_AGE_MS = 300_000;
    /** Milliseconds between two fetches that were not due: forged tokens must not flood the server. */
    private const PAUSE_MS = 5_000;

    /**
     * @param \Closure(): array<string, mixed> $load Returns what `$save` was given last, or nothing.
     * @param \Closure(array<string, mixed>): void $save Keeps the keys across requests.
     */
    public function __construct(
        private readonly Client $client,
        private readonly \Closure $load,
        private readonly \Closure $save,
        private readonly Clock $clock = new Clock(),
    ) {
    }

    /**
     * Return the claims of a valid token.
     *
     * Keys whose age is over stay in use while the server does not answer: the redemption itself is
     * always decided online.
     *
     * @throws TokenRefused The text is no valid token, or its offer has ended.
     * @throws OutcomeUnknown No keys could be fetched yet.
     */
    public function verify(string $token): OfferClaims
    {
        $now = $this->clock->now();
        $kept = $this->kept();
        if ($now - $kept['fetched'] >= self::MAX_AGE_MS) {
            $kept = $this->fetched($kept, $now) ?? $kept;
        }
        if ($kept['fetched'] === 0) {
            throw new OutcomeUnknown("The server's keys are not known: it did not answer.");
        }
        try {
            return OfferTokens::verify($token, $kept['keys'], $now);
        } catch (TokenRefused $refused) {
            $newer = $refused->reason === 'token.key' ? $this->fetched($kept, $now) : null;
            if ($newer === null) {
                throw $refused;
            }
            return OfferTokens::verify($token, $newer['keys'], $now);
        }
    }

    /**
     * Fetch the keys unless that was just tried; null: there are no newer ones.
     *
     * @param array{keys: array<string, string>, fetched: int, tried: int} $kept
     * @return ?array{keys: array<string, string>, fetched: int, tried: int}
     */
    private function fetched(array $kept, int $now): ?array
    {
        if ($now - $kept['tried'] < self::PAUSE_MS) {
            return null;
        }
        $this->keep(['tried' => $now] + $kept);
        try {
            $keys = OfferTokens::keysOf($this->client->ask('GET', '/.well-known/jwks.json', null, 0));
        } catch (BridgeError) {
            return null; // one attempt: a page waits, and a later page tries again
        }
        $newer = ['keys' => $keys, 'fetched' => $now, 'tried' => $now];
        $this->keep($newer);
        return $newer;
    }

    /** @return array{keys: array<string, string>, fetched: int, tried: int} */
    private function kept(): array
    {
        $found = ($this->load)();
        $keys = array_map('base64_decode', (array) ($found['keys'] ?? []));
        return ['keys' => $keys, 'fetched' => (int) ($found['fetched'] ?? 0), 'tried' => (int) ($found['tried'] ?? 0)];
    }

    /** @param array{keys: array<string, string>, fetched: int, tried: int} $kept */
    private function keep(array $kept): void
    {
        ($this->save)(['keys' => array_map('base64_encode', $kept['keys'])] + $kept);
    }
}
