"""The bridge's tables in the shop's admin, to read."""

from typing import Any, ClassVar

from django.contrib import admin

from tactful_oscar.models import OutboxRow, PaymentAttempt


class _ReadOnlyAdmin(admin.ModelAdmin):
    """Rows belong to the bridge: a person reads them, and may delete one that was refused."""

    def has_add_permission(self, request: Any) -> bool:
        """Refuse: the bridge writes its rows itself."""
        del request
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Refuse: the bridge writes its rows itself."""
        del request, obj
        return False


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(_ReadOnlyAdmin):
    """Attempts to pay with offers."""

    list_display: ClassVar = ["order_number", "number", "state", "changed"]
    list_filter: ClassVar = ["state"]
    search_fields: ClassVar = ["order_number"]


@admin.register(OutboxRow)
class OutboxRowAdmin(_ReadOnlyAdmin):
    """Requests that have not reached Tactful, or were refused."""

    list_display: ClassVar = ["kind", "subject", "tries", "is_refused", "failure", "created"]
    list_filter: ClassVar = ["is_refused", "kind"]
    search_fields: ClassVar = ["subject"]
