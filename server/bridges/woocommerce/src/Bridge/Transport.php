<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Port: sends one request and returns its answer. */
interface Transport
{
    /**
     * Send a request with a JSON body, or with none.
     *
     * @param ?string $body The JSON text.
     * @throws OutcomeUnknown No complete answer came.
     */
    public function send(string $method, string $path, ?string $body): Response;
}
