"""Django's configuration of the bridge."""

from django.apps import AppConfig
from django.core.checks import register


class TactfulOscarConfig(AppConfig):
    """Reacts to the shop's events as soon as the app is installed."""

    name = "tactful_oscar"
    label = "tactful_oscar"
    verbose_name = "Tactful"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check the settings, so that a mistake is named at the start, and connect the signals.

        A shop that is not paired yet goes on without offers, and reports nothing.
        """
        from tactful_oscar import checks, signals  # noqa: PLC0415 -- models are loaded only now
        from tactful_oscar.conf import bridge_settings  # noqa: PLC0415

        if bridge_settings().is_paired:
            signals.connect()
        register(checks.check_installation)
