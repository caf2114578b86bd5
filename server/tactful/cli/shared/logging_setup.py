"""The process's log on standard error: text on a terminal, one JSON object a line elsewhere."""

import logging
import sys
from collections.abc import MutableMapping
from traceback import extract_tb
from typing import Any

import structlog


class LogHandler(logging.Handler):
    """Forwards what libraries log through `logging` to the structured log.

    Until `serving` is set, the handler prints nothing and keeps the last error in `startup_error`.
    If the server does not start, its command prints that error as its only line.
    """

    def __init__(self, level: str) -> None:
        """Configure the process's log, and handle warnings and errors of libraries from now on.

        Args:
            level: The least level that the server's own events need: `debug`, `info`, `warning`
                or `error`.
        """
        super().__init__(logging.WARNING)
        self.serving = False
        self.startup_error = ""
        self._log = configure_logging(level)
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record as an event, or keep its error text while the server starts."""
        text = record.getMessage().strip()
        if self.serving:
            trace = {"exc_info": record.exc_info} if record.exc_info else {}
            self._log.log(record.levelno, "library", logger=record.name, text=text, **trace)
            return
        kind, colon, message = text.rpartition("\n")[2].partition(": ")
        if colon and kind.rpartition(".")[2].endswith("Error"):
            self.startup_error = message


def configure_logging(level: str) -> Any:
    """Configure the structured log of this process, and return a logger for library records."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [_exception_as_places]),
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    return structlog.get_logger("tactful.library")


def _exception_as_places(
    _: Any, __: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace an exception by its type and call stack: its text may quote a shopper."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in extract_tb(error.__traceback__)
        ]
    return event
