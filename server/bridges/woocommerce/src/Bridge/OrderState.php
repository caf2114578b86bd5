<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What the shop knows of an order id. */
enum OrderState
{
    case Placed;
    case Cancelled;
    /** A payment may still be under way. */
    case Pending;
    /** The payment failed. */
    case Abandoned;
    /** The id is not this shop's. */
    case Unknown;
}
