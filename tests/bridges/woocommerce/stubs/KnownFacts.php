<?php
declare(strict_types=1);

use Tactful\Woo\Bridge\FactReader;

/** One fact about every subject. */
final class KnownFacts implements FactReader
{
    public function factsOf(string $subject): array
    {
        return [['type' => 'gone', 'of' => 'product', 'sku' => $subject]];
    }
}
