/** As much of a browser as the modules under test touch. Import it before them. */

export const sockets = [];

class FakeSocket {
  constructor(url, protocol) {
    Object.assign(this, { url, protocol, sent: [], closed: null });
    sockets.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close(code) {
    this.closed = code;
  }
  hear(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

Object.assign(globalThis, {
  window: globalThis,
  WebSocket: FakeSocket,
  EventSource: undefined,
  location: { href: 'https://shop.example/p/aero', pathname: '/p/aero', search: '' },
  document: {
    hidden: false,
    baseURI: 'https://shop.example/p/aero',
    createElement: () => ({
      set href(address) {
        try {
          this.value = new URL(address, 'https://shop.example/p/aero').href;
        } catch {
          this.value = address;
        }
      },
      get href() {
        return this.value;
      },
    }),
  },
});
