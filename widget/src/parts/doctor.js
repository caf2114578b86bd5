/** Report of what the widget found on this page, the sources, the conflicts, and what to do. */

/**
 * @param {any} report what the parts say of themselves
 * @returns {any} the same with what to do, also written to the console: someone asked
 */
export function examine(report) {
  const { aside, broken, dialogue, ...open } = report;
  const { connection, conflicts, consent, server, product, tags, kind } = open;
  const { transport, stopped, failures } = connection;
  const gone = report.faults.find((/** @type {string} */ fault) => /^Not loaded/.test(fault));
  const advice = [
    !server && 'Set data-server.',
    tags > 1 && 'Remove a tag.',
    consent[0] === 'none' && `No consent: ${consent[1]}.`,
    stopped && `Closed: ${stopped}.`,
    failures &&
      !transport &&
      `No answer: is ${location.origin} in TACTFUL_ORIGINS, and ${server} in connect-src?`,
    !product && kind === 'product' && "Call tactful('view', sku).",
    dialogue && `Open dialogue: ${dialogue.id || dialogue.className}`,
    !product && aside[0] && `Set aside: ${aside[0]}`,
    broken[0] && `Broken ld+json: ${broken[0]}`,
    conflicts[0] && 'Make the sources agree.',
    gone && `Reload the page: ${gone}`,
  ].filter(Boolean);
  const full = { ...open, advice };
  console.log('tactful', full);
  return full;
}
