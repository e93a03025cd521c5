import net from 'node:net';

/** A TCP proxy in front of the server under test. Its faults are the test's to make, at any time. */
export class Proxy {
  /** How long each part of a stream is held back, either way. */
  delayMs = 0;
  /** Nothing passes, either way, and nothing is closed: as in a tunnel. */
  dark = false;
  /** What the server says is lost, what the client says is not. */
  mute = false;
  /** No WebSocket passes: as through some proxies of offices. */
  blocksUpgrades = false;
  /** Nobody is let in. */
  refuses = false;
  /** Gives how long the next connection lives, milliseconds; without it, as long as its ends want. */
  livesMs;
  connections = 0;
  #open = new Set();
  #server;
  #target;

  static async to(target) {
    const proxy = new Proxy();
    proxy.#target = new URL(target);
    proxy.#server = net.createServer((client) => proxy.#serve(client));
    await new Promise((listening) => proxy.#server.listen(0, '127.0.0.1', listening));
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  /** Ends all connections without a goodbye. */
  cut() {
    for (const socket of this.#open) socket.destroy();
  }

  async close() {
    this.cut();
    await new Promise((closed) => this.#server.close(closed));
  }

  #serve(client) {
    if (this.refuses) {
      client.destroy();
      return;
    }
    this.connections++;
    const server = net.connect(this.#target.port, this.#target.hostname);
    if (this.livesMs) {
      const life = setTimeout(() => client.destroy(), this.livesMs());
      client.on('close', () => clearTimeout(life));
    }
    let first = true;
    const pass = (from, to, lost) => {
      this.#open.add(from);
      from.setNoDelay();
      from.on('data', (data) => {
        if (this.blocksUpgrades && first && /\r\nupgrade: *websocket/i.test(data.toString('latin1'))) client.destroy();
        first = false;
        if (this.dark || lost()) return;
        if (this.delayMs > 0) setTimeout(() => to.write(data), this.delayMs);
        else to.write(data);
      });
      from.on('error', () => {}); // a close follows
      from.on('close', () => {
        this.#open.delete(from);
        to.destroy();
      });
    };
    pass(client, server, () => false);
    pass(server, client, () => this.mute);
  }
}
