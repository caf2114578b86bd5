"""A small django-oscar shop, as its manual says to make one."""
