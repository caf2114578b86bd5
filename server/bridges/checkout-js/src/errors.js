/**
 * Exceptions of the library; every one that leaves it is a `BridgeError`.
 *
 * BridgeError
 *   TokenRefusedError: a text is no valid offer token.
 *   RefusedError: Tactful refused a request for good.
 *   OutcomeUnknownError: nobody can say yet whether a request had its effect.
 */

/** The most characters of a foreign text that an error repeats. */
const SHOWN = 200;

/** The common base of the library's exceptions. */
export class BridgeError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = this.constructor.name;
  }
}

/** A text is no offer token, or its offer has ended. */
export class TokenRefusedError extends BridgeError {
  /** @param {string} code `token.malformed`, `token.key`, `token.signature` or `token.expired` */
  constructor(code) {
    super(`The offer's token is refused: ${code}.`);
    this.code = code;
  }
}

/** Tactful refused a request, and would refuse it again. */
export class RefusedError extends BridgeError {
  /**
   * @param {number} status the HTTP status, 400 to 499
   * @param {string} code the stable code of the problem document, such as `redemption.used`
   * @param {string} [detail]
   */
  constructor(status, code, detail = '') {
    super(`Tactful refused the request: ${status} ${code}. ${detail}`.slice(0, SHOWN));
    this.status = status;
    this.code = code;
  }

  /** Whether the server key is wrong or has too small a scope: the shop's setting is at fault. */
  get isAboutTheKey() {
    return this.code.startsWith('key.');
  }
}

/**
 * A request may have had its effect, because its answer never came or was not clear.
 *
 * The same request must be repeated until its outcome is known. Nobody may be charged another
 * price in the meantime.
 */
export class OutcomeUnknownError extends BridgeError {}
