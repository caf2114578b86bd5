"""How the credentials of the settings become request headers."""

import pytest

from tactful.connectors.connector import basic, bearer


def test_a_token_and_a_password_become_headers() -> None:
    assert bearer("abc") == {"Authorization": "Bearer abc"}
    # RFC 7617, section 2.
    assert basic("Aladdin:open sesame") == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    with pytest.raises(ValueError, match="user:password"):
        basic("ck_only")
