/** A session's messages over a WebSocket. */

/**
 * @typedef {object} Ends
 * @property {() => void} open
 * @property {(text: string) => void} message
 * @property {(code?: number) => void} close
 * @typedef {object} Wire
 * @property {(texts: string[]) => void} send
 * @property {(code?: number) => void} close
 */

const Socket = window.WebSocket;

/**
 * @param {string} url http or https
 * @param {Ends} ends may hear of an old socket, too: a restored page does
 * @returns {Wire}
 */
export function openSocket(url, ends) {
  const socket = new Socket(url.replace(/^http/, 'ws'), 'tactful.v1');
  socket.onopen = ends.open;
  socket.onmessage = ({ data }) => ends.message(data);
  // A policy against it is an error and, in one browser, no close.
  socket.onclose = socket.onerror = (/** @type {any} */ { code }) => ends.close(code);
  return {
    send: (texts) => texts.forEach((text) => void socket.send(text)),
    close: () => socket.close(1000),
  };
}
