"""Tables of the bridge in the shop's own database: tokens, attempts to pay, and the outbox."""

from django.db import models


class AcceptedOffer(models.Model):
    """The token of an offer that a shopper put into a basket; lines name the offer alone.

    Oscar prints the options of a line on pages and in e-mails, where a token does not belong.
    """

    offer = models.CharField(max_length=128, primary_key=True)
    token = models.TextField()
    ends = models.BigIntegerField(db_index=True, help_text="Seconds since 1970, UTC.")

    def __str__(self) -> str:
        """Name the offer for the shop's admin."""
        return self.offer


class PaymentAttempt(models.Model):
    """One attempt to pay for an order whose lines use offers."""

    order_number = models.CharField(max_length=128)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, db_index=True)
    request = models.JSONField(default=dict)
    until = models.BigIntegerField(help_text="End of the hold, in milliseconds since 1970, UTC.")
    basket_id = models.BigIntegerField(null=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        """Names and keys."""

        constraints = (
            models.UniqueConstraint(
                fields=("order_number", "number"), name="tactful_one_row_an_attempt"
            ),
        )

    def __str__(self) -> str:
        """Name the attempt for the shop's admin."""
        return f"{self.order_number}, attempt {self.number}: {self.state}"


class OrderSession(models.Model):
    """The Tactful session in which an order was placed, with or without an offer."""

    order_number = models.CharField(max_length=128, primary_key=True)
    reference = models.CharField(max_length=128)

    def __str__(self) -> str:
        """Name the order for the shop's admin."""
        return self.order_number


class OutboxRow(models.Model):
    """A request that must reach Tactful; the row of a request that was answered is deleted."""

    kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=160, db_index=True)
    attempt = models.PositiveIntegerField(default=0)
    body = models.JSONField(default=dict)
    tries = models.PositiveIntegerField(default=0)
    not_before = models.BigIntegerField(default=0)
    failure = models.TextField(blank=True, help_text="What went wrong at the last try.")
    is_refused = models.BooleanField(default=False, help_text="Tactful refused it for good.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The index for what is due."""

        indexes = (models.Index(fields=("is_refused", "not_before"), name="tactful_outbox_due"),)

    def __str__(self) -> str:
        """Name the request for the shop's admin."""
        return f"{self.kind} {self.subject}"
