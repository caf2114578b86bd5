<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Client of Tactful's HTTP API that repeats a request until its outcome is known. */
final class Client
{
    /** Milliseconds after which a request with an unknown outcome is given up: a shopper is waiting. */
    private const PATIENCE_MS = 8_000;
    private const FIRST_PAUSE_MS = 100;
    private const LONGEST_PAUSE_MS = 2_000;

    public function __construct(
        private readonly Transport $transport,
        private readonly Clock $clock = new Clock(),
    ) {
    }

    /**
     * Repeat a request until its outcome is known or the patience is over.
     *
     * @param ?array<mixed> $body The JSON body; null: the request has none.
     * @param int $patience Milliseconds; 0: the request is sent once.
     * @return array<mixed>
     * @throws Refused The outcome is a refusal.
     * @throws OutcomeUnknown The outcome is still unknown.
     */
    public function ask(string $method, string $path, ?array $body = null, int $patience = self::PATIENCE_MS): array
    {
        $end = $this->clock->now() + $patience;
        $pause = self::FIRST_PAUSE_MS;
        $json = $body === null ? null : self::json($body);
        while (true) {
            try {
                $answer = $this->transport->send($method, $path, $json);
                $known = $answer->outcome();
                if ($known !== null) {
                    return $known;
                }
                $failure = new OutcomeUnknown("$method $path: status {$answer->status}.", $answer->retryAfter);
            } catch (OutcomeUnknown $error) {
                $failure = $error;
            }
            $wait = max($pause, 1000 * $failure->retryAfter);
            if ($this->clock->now() + $wait >= $end) {
                throw $failure;
            }
            $this->clock->sleep($wait);
            $pause = min(2 * $pause, self::LONGEST_PAUSE_MS);
        }
    }

    /**
     * Return the redemptions of an order or in a state, as Tactful has them now.
     *
     * @param array<string, string> $query `['order' => …]` or `['state' => …]`.
     * @return list<array<string, mixed>>
     */
    public function redemptions(array $query): array
    {
        $found = [];
        do {
            $page = $this->ask('GET', '/v1/redemptions?' . http_build_query($query));
            array_push($found, ...array_values(array_filter((array) ($page['redemptions'] ?? []), 'is_array')));
            $query['after'] = is_string($page['next'] ?? null) ? $page['next'] : '';
        } while ($query['after'] !== '');
        return $found;
    }

    /**
     * Report facts, and return those that were rejected, each with `index`, `code` and `message`.
     *
     * @param list<array<string, mixed>> $facts At most a few hundred.
     * @return list<array<string, mixed>>
     */
    public function report(array $facts, int $patience = self::PATIENCE_MS): array
    {
        if ($facts === []) {
            return [];
        }
        $answer = $this->ask('POST', '/v1/facts', $facts, $patience);
        return array_values(array_filter((array) ($answer['rejected'] ?? []), 'is_array'));
    }

    /** Return the path of a step of an order: `confirm`, `cancel` or `refund`. */
    public static function pathOf(string $order, string $step): string
    {
        return '/v1/redemptions/' . rawurlencode($order) . "/$step";
    }

    /** @param array<mixed> $body */
    private static function json(array $body): string
    {
        // An empty body is an object for every endpoint that takes one.
        return $body === [] ? '{}' : json_encode($body, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
    }
}
