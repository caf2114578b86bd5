"""The configuration derives its own names, and never shows a secret."""

from tactful.config import Config

KEY = "Vq3-9sWm2_kLx81TzR"
SECRET = "0Jt7dN4rQz8sYw2uEb6hXc1vLm5kPg9a"


def test_no_secret_is_in_the_text_of_a_configuration() -> None:
    config = Config(server_key=KEY, identity_secret=SECRET)
    for secret in (KEY, SECRET):
        assert secret not in repr(config)
        assert secret not in str(config)
    assert "server_key=***" in repr(config)
    assert "server_key=None" in repr(Config())


def test_the_server_answers_under_its_own_names() -> None:
    config = Config(host="10.0.0.5", public_url="https://offers.shop.example/t")
    assert config.allowed_hosts is not None
    assert {"10.0.0.5", "offers.shop.example", "localhost"} <= config.allowed_hosts
    assert Config(hosts=("*",)).allowed_hosts is None
    assert Config(hosts=("one.example",)).allowed_hosts == frozenset({"one.example"})
    assert Config(host="::1", port=9).own_url == "http://[::1]:9"
    assert Config(host="0.0.0.0").own_url == "http://localhost:8000"  # noqa: S104
