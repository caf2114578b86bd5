"""Makes the table of the sessions in which orders were placed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tactful_oscar", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="OrderSession",
            fields=[
                (
                    "order_number",
                    models.CharField(max_length=128, primary_key=True, serialize=False),
                ),
                ("reference", models.CharField(max_length=128)),
            ],
        ),
    ]
