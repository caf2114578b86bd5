"""Fills the shop: two products, a country, a customer and a member of staff. Run by `manage.py shell`."""

from decimal import Decimal

from django.contrib.auth import get_user_model
from oscar.core.loading import get_model

get_model("address", "Country").objects.get_or_create(
    iso_3166_1_a2="GB",
    defaults={
        "printable_name": "United Kingdom",
        "name": "UNITED KINGDOM",
        "is_shipping_country": True,
    },
)
kind, _ = get_model("catalogue", "ProductClass").objects.get_or_create(name="Goods")
partner, _ = get_model("partner", "Partner").objects.get_or_create(name="Warehouse")
category = get_model("catalogue", "Category").add_root(name="Shoes", slug="shoes")
for sku, title, price in (("RUN-42", "Aero Runner", "129.00"), ("SOCK-3", "Socks", "19.90")):
    product = get_model("catalogue", "Product").objects.create(
        product_class=kind, title=title, upc=sku, slug=title.lower().replace(" ", "-")
    )
    get_model("catalogue", "ProductCategory").objects.create(product=product, category=category)
    get_model("partner", "StockRecord").objects.create(
        product=product, partner=partner, partner_sku=sku, price=Decimal(price), num_in_stock=1000
    )
users = get_user_model().objects
users.create_user("mia", "mia@shop.example", "a-password-of-the-tests")
users.create_superuser("staff", "staff@shop.example", "a-password-of-the-tests")
