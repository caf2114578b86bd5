"""Makes the tables of offers, attempts and the outbox."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AcceptedOffer",
            fields=[
                ("offer", models.CharField(max_length=128, primary_key=True, serialize=False)),
                ("token", models.TextField()),
                (
                    "ends",
                    models.BigIntegerField(db_index=True, help_text="Seconds since 1970, UTC."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OutboxRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("subject", models.CharField(db_index=True, max_length=160)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("body", models.JSONField(default=dict)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("not_before", models.BigIntegerField(default=0)),
                (
                    "failure",
                    models.TextField(blank=True, help_text="What went wrong at the last try."),
                ),
                (
                    "is_refused",
                    models.BooleanField(default=False, help_text="Tactful refused it for good."),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["is_refused", "not_before"], name="tactful_outbox_due")
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order_number", models.CharField(max_length=128)),
                ("number", models.PositiveIntegerField()),
                ("state", models.CharField(db_index=True, max_length=16)),
                ("request", models.JSONField(default=dict)),
                (
                    "until",
                    models.BigIntegerField(
                        help_text="End of the hold, in milliseconds since 1970, UTC."
                    ),
                ),
                ("basket_id", models.BigIntegerField(null=True)),
                ("changed", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order_number", "number"), name="tactful_one_row_an_attempt"
                    )
                ],
            },
        ),
    ]
