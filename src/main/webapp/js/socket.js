import { describeClose } from './closes.js';

/** The address of an endpoint beside this page, whatever the context path. */
export function addressOf(path, query = {}) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  // URLSearchParams would write a space as "+", which not every server reads back as a space.
  url.search = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return url.href;
}

/**
 * One connection from its start to its end.
 *
 * `on.state(state, words)` is told of every change, `closed` last and once; `on.text` and `on.binary` of what arrives.
 */
export class Connection {
  #socket;

  constructor(address, on) {
    let opened = false;
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      opened = true;
      on.state('open', 'Connected');
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') on.text(data);
      else on.binary(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => on.state('closed', describeClose({ code, reason, opened }), opened);
    on.state('connecting', 'Connecting…');
  }

  get open() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(data) {
    this.#socket.send(data);
  }

  close() {
    this.#socket.close(1000);
  }
}
