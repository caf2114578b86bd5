<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What one sweep found and did. */
final class SweepReport
{
    public int $confirmed = 0;
    public int $released = 0;
    public int $lapsed = 0;
    /** Holds at Tactful that the shop's tables lacked. */
    public int $strays = 0;
    /** Why Tactful's holds could not be compared; empty: they were. */
    public string $failure = '';
    public DeliveryReport $delivery;
}
