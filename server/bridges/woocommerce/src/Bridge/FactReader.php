<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Port: reads the present state of the shop as facts. */
interface FactReader
{
    /**
     * Return the facts about a subject, such as `product:17`, as they are now.
     *
     * @return list<array<string, mixed>>
     */
    public function factsOf(string $subject): array;
}
