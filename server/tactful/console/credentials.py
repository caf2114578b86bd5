"""Checks of passwords and second factors, with the delay of attempts after wrong ones."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request

from tactful.console.login import AccountLogins, LoginThrottle
from tactful.core.values.addresses import limit_key
from tactful.runtime.audit_changes import changed
from tactful.runtime.operators import record_action
from tactful.runtime.security.operator_accounts import AccountFile, OperatorAccounts
from tactful.runtime.security.passwords import PasswordHasher, step_of_code
from tactful.runtime.security.second_factors import SecondFactors
from tactful.runtime.shop import Shop


class Credentials:
    """Compares what an operator gives with an account."""

    def __init__(
        self,
        shop: Shop,
        accounts: OperatorAccounts,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Check operators against their accounts.

        Args:
            shop: The running shop.
            accounts: The accounts of operators.
            sleep: Waits for seconds; delays attempts to log in.
        """
        self._shop = shop
        self.accounts = accounts
        """The accounts of operators."""
        self.hasher = PasswordHasher()
        """Computes and compares digests of passwords."""
        self.factors = SecondFactors(accounts)
        """Recovery codes, and the roles that need a second factor."""
        self.logins = AccountLogins(accounts, self.factors)
        """The logins of accounts."""
        self.throttle = LoginThrottle(shop.clock.now)
        """The delay of attempts to log in."""
        self._sleep = sleep

    async def account_of(self, form: dict[str, str]) -> AccountFile | None:
        """Return the account that a login form opens; `None`: none."""
        account = self.accounts.find(form.get("name", ""))
        if account is None and not self.accounts.has_owner():
            return None
        usable = account if account and account.state == "active" else None
        kept = usable.password if usable else None
        is_right = await self.hasher.matches(form.get("key", ""), kept)
        if usable is None or not is_right:
            return None
        return usable if await self.is_factor_right(usable, form.get("code", "")) else None

    async def is_factor_right(self, account: AccountFile, code: str) -> bool:
        """Return whether an account has no second factor, or a code of it or a recovery code is right."""
        if account.second_factor is None:
            return True
        step = step_of_code(account.second_factor, code, self._shop.clock.now())
        if step is not None:
            return self.logins.use_code(account.name, step)
        left = self.factors.use_recovery_code(account.name, code)
        if left is None:
            return False
        await record_action(
            self._shop,
            "operator.changed",
            account.name,
            account.name,
            changed("recovery_codes", left + 1, left),
            detail="recovery code used",
        )
        return True

    async def check_password(self, request: Request, password: str, account: AccountFile) -> bool:
        """Return whether a password is that of an account; wrong ones count as wrong logins do."""
        source = limit_key(request.client.host if request.client else "")
        if not await self.delay(source, known=True):
            return False
        is_right = await self.hasher.matches(password, account.password)
        if not is_right:
            self.throttle.record_failure(source, known=True)
        return is_right

    async def delay(self, source: str, *, known: bool) -> bool:
        """Delay an attempt after wrong keys; return False if too many attempts wait already."""
        delay = self.throttle.delay_ms(source, known=known)
        if delay:
            if not self.throttle.begin_wait(source):
                return False
            try:
                await self._sleep(delay / 1000)
            finally:
                self.throttle.end_wait(source)
        return True
