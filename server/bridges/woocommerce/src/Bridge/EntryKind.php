<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What an entry of the outbox asks Tactful for. The values are stored and never change. */
enum EntryKind: string
{
    case Confirm = 'confirm';
    case Cancel = 'cancel';
    case Refund = 'refund';
    case Facts = 'facts';
}
