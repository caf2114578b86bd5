"""The decision: pure values and functions, without I/O, clock or randomness.

The errors of the whole package are listed below. Bad input that a caller must handle is a returned
value (`FactRejection`, `TokenRefusal`, `PriceRefusal`, `RedemptionRefusal`, `ProtocolError`,
diagnostics of rules). An exception means that the caller broke a precondition, or that something
outside the program failed. The exceptions have no common base class, because no caller handles two
of them alike. Each is caught in one place, and a base class would invite callers to catch them all.

Values (`core`):
    MoneyError: A `ValueError`. An amount that cannot be money.
    CalendarError: A `ValueError`. A text that names no date, time, duration or zone.
    LookupError: A transition that an offer's lifecycle does not have, or a stored fact that cannot be read.

The shop at run time (`runtime`):
    LedgerError: The ledger could not read or write. Its outcome may be unknown (`retry`).
        LedgerBrokenError: An I/O error; nothing is promised or redeemed until a restart.
        LedgerFullError: The disk is full; the ledger recovers by itself.
        LedgerAwayError: The database cannot be reached; the ledger recovers by itself.
            UnknownOutcomeError: The connection was lost during a commit; the outcome is settled later.
    RepeatError: A transaction that was rolled back and may succeed; the writer repeats it.
    ClockError: The machine's clock is wrong beyond doubt.
    RulesUnreadableError: A rules folder that is missing or cannot be read.
    KeyFileError: A key file that must not be used.
    UnusableAccountError: A change of operators' accounts that is refused, such as the end of the last owner.
    UnusableTokenError: A token of the API has no name or no scope.
    UnknownAlertError: An alert that does not exist, or is resolved.
    CausePresentError: The end of an alert whose cause is still there.
    UnknownCaseError: A correction of a case that nobody reported.
    RefusedCorrectionError: A correction that leaves nothing to say whose case it is.
    UnknownObjectionError: The end of an objection that does not hold, or that an operator did not state.
    RefusedObjectionError: An objection that is no valid fact.
    RefusedVoucherError: A voucher of an operator above a limit, or that nobody would see.
    RefusedRuleFileError: A new rule file cannot be written, or would have errors.
    UnknownNameError: An explanation for a customer or an item that nobody reported.
    UnknownShopperError: An explanation of a session or customer of which nothing is known.
    EventCursorError: A cursor of events that the ledger has not given out.
    UnconfirmedRestoreError: A token of the gap of a restored backup, before the shop confirmed its orders.

Starting and listening (`config`, `transports`):
    ConfigError: Settings that cannot be used, with one line for each problem.
    ListenError: An address at which the server cannot listen.

The edges (`protocol`, `api`, `console`):
    DuplicateKeysError: JSON with two values under one key.
    ProblemError: A request that is answered with a problem document (RFC 9457).
    PageError: A request that is answered with a page that says why.

Files of a shop (`rulebook`, `connectors`):
    UnreadableFileError: A rule file that cannot be parsed any further.
    UnprintableError: A rule file whose layout only its author can change.
    EgressError: A URL that cannot, or must not, be fetched.
    SourceError: A source of facts that cannot be read at all.
    RowError: A `ValueError`. A row that cannot become a fact.
    LeftOutError: A row of a product that is not sold, or of no product.
    FetchError: An object of another system that cannot be fetched.
    UnreadableDeliveryError: A `ValueError`. A signed delivery of no expected form.
    MappingError: A mapping file of a help desk that cannot be used.
    UnknownMappingError: The name of no mapping file.
    YamlError: A text of a mapping file that is no YAML.
    PathError: A path of a mapping file that cannot be read.
    TicketError: A delivery of a help desk that is no ticket.
    InstantError: A value of a ticket that is no instant.

The command line (`cli`):
    CommandError: A command that cannot run.
        NegativeAnswerError: A command whose answer is no.
        NotFoundError: A request of a command that names what the server does not know.
    UnreachableError: A page of the storefront that cannot be fetched.

The conformance kit (`bridge_check`):
    DriverError: A shop's test driver that does not answer as it must.
    NotSupportedError: A verb that the test driver does not have.
    ShopFailedError: A shop that failed where it should have answered.
    CheckFailedError: A bridge that did something else than it must.
    NoAnswerError: A request that got no answer, or one that is no JSON.
"""
