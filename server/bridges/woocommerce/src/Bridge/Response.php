<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** A complete answer. */
final class Response
{
    /** @param int $retryAfter Seconds that the server asks to wait; 0: it does not say. */
    public function __construct(
        public readonly int $status,
        public readonly string $body,
        public readonly int $retryAfter = 0,
    ) {
    }

    /**
     * Return the parsed body of a success; an answer that says nothing of the outcome gives null.
     *
     * @return ?array<mixed>
     * @throws Refused The outcome is a refusal.
     * @throws OutcomeUnknown The body is no JSON, so something else than Tactful answered.
     */
    public function outcome(): ?array
    {
        $isUnclear = $this->status < 200 || $this->status >= 500
            || in_array($this->status, [408, 425, 429], true)
            || ($this->status >= 300 && $this->status < 400);
        if ($isUnclear) {
            return null;
        }
        $found = $this->body === '' ? [] : json_decode($this->body, true);
        if (!is_array($found)) {
            throw new OutcomeUnknown(
                "The answer with status {$this->status} is no JSON. Check that the address leads to Tactful."
            );
        }
        if ($this->status >= 400) {
            throw new Refused(
                $this->status,
                is_string($found['code'] ?? null) ? $found['code'] : 'unclear',
                is_string($found['detail'] ?? null) ? $found['detail'] : '',
            );
        }
        return $found;
    }
}
