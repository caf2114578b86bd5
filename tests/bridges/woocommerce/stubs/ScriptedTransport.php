<?php
declare(strict_types=1);

use Tactful\Woo\Bridge\OutcomeUnknown;
use Tactful\Woo\Bridge\Response;
use Tactful\Woo\Bridge\Transport;

/** Answers as the test says, in its order, and remembers what was asked. */
final class ScriptedTransport implements Transport
{
    /** @var list<array{0: string, 1: mixed}> */
    public array $asked = [];
    /** @var list<Response|string> A text is no answer. */
    private array $answers = [];

    /** @param array<string, mixed> $body */
    public function answer(int $status, array $body = [], int $retryAfter = 0): self
    {
        $this->answers[] = new Response($status, (string) json_encode((object) $body), $retryAfter);
        return $this;
    }

    public function nothing(int $times = 1): self
    {
        array_push($this->answers, ...array_fill(0, $times, 'it broke off'));
        return $this;
    }

    public function raw(int $status, string $body): self
    {
        $this->answers[] = new Response($status, $body);
        return $this;
    }

    public function send(string $method, string $path, ?string $body): Response
    {
        $this->asked[] = ["$method $path", $body === null ? null : json_decode($body, true)];
        $answer = array_shift($this->answers) ?? throw new LogicException("No answer is scripted for $method $path.");
        return $answer instanceof Response ? $answer : throw new OutcomeUnknown("$method $path: $answer");
    }

    /** @return list<string> */
    public function paths(): array
    {
        return array_column($this->asked, 0);
    }
}
