/**
 * The client of Parley: rooms over `parley.v1` that survive reconnects, for browsers and Node 20.
 *
 * A room connects by itself, comes back by itself with full jitter, resumes where it was, and tells of each message once
 * and in order. Where it cannot, it tells of a `gap`. Where no WebSocket passes, it reads Server-Sent Events and publishes
 * over HTTP; after each end it tries a WebSocket first. Close codes 1000, 1003, 1007, 1008 and 1009 end it, as do 400, 401
 * and 403 over HTTP; after 1012 it comes back when the server said so.
 */

/** A place in the history of a room. Another epoch is another history: offsets of two epochs do not compare. */
export interface Place {
  epoch: string;
  /** Above 0 and below 2^53; grows within an epoch, not always by one. */
  offset: number;
}

export interface Options {
  /** The name to go by: 1 to 64 letters, digits, symbols or `. _ ' @ + -`. A token's name wins. */
  user?: string;
  /**
   * A token for the server, or who gives one: asked for each connection, and, if the token is a JWT, before four fifths of
   * its time are over. If it fails, that is told as `error` with the code `token`, and tried again.
   */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Leaves the rooms when it aborts. */
  signal?: AbortSignal;
  /** How many of the newest messages to tell of if there is no position to resume from. Default: 0. */
  history?: number;
  /** The constructor of WebSockets: the global one, or that of `ws` in Node 20. With null, events and HTTP alone. */
  WebSocket?: (new (url: string, protocols: string[]) => WebSocketLike) | null;
  /** How HTTP requests are made. Default: the global `fetch`. */
  fetch?: typeof fetch;
  /** How many published messages may wait for their acknowledgement; one more is rejected. Default: 1000. */
  outbox?: number;
  /**
   * How many of them may be on the way at once over a WebSocket. Default: 16. After `rate` or `unavailable` a message is
   * sent again and may come behind others that were on the way with it; with 1 the order holds then, too. After `rate` there
   * is one at a time on that connection.
   */
  inFlight?: number;
  /** How many events may wait for a `for await`; more end it with `too-slow`. Default: 10,000. */
  buffer?: number;
  /** A connection that is silent for one beat is asked, and lost after one more. Milliseconds; default: 15,000. */
  heartbeatMs?: number;
  /** The bound of the first wait before coming back; doubles from failure to failure. Milliseconds; default: 500. */
  backoffMs?: number;
  /** The bound of each wait before coming back. Milliseconds; default: 30,000. */
  backoffMaxMs?: number;
}

export interface JoinOptions extends Options {
  /** Where to resume: {@link Room.position} of an earlier room, perhaps of an earlier page. */
  since?: string;
}

/** What a room needs of a WebSocket. */
export interface WebSocketLike {
  readonly readyState: number;
  onopen: ((event: any) => any) | null;
  onmessage: ((event: any) => any) | null;
  onclose: ((event: any) => any) | null;
  onerror: ((event: any) => any) | null;
  send(data: string): void;
  close(code?: number): void;
}

/**
 * `connecting`: an attempt runs. `open`: in the room. `waiting`: cut off; the next attempt is in `retryInMs`, at once after
 * {@link Room.retry} or when the browser is online again. `closed`: there is no further attempt.
 */
export type State = 'connecting' | 'open' | 'waiting' | 'closed';

export interface StateDetail {
  state: State;
  /** In `open`: how the room is connected. */
  via?: 'websocket' | 'sse';
  /** In `waiting` and `closed`: the close code; 1006 if the connection was lost without one. */
  code?: number;
  /** In `waiting` and `closed`: why, in words. */
  reason?: string;
  /** In `waiting`: when the next attempt is. */
  retryInMs?: number;
}

export interface Welcome extends Place {
  room: string;
  /** The name the server knows us by. */
  user: string;
  /** The connection. */
  peer: string;
  /** Whether all after the position that was resumed from follows, and nothing was missed. */
  recovered: boolean;
  /** How many connections are in the room, this one included. */
  members: number;
  /** Names of users in the room, perhaps not all. */
  users: string[];
  /** What may be sent: the longest text, bytes of UTF-8; the longest id, characters. */
  limits: { text: number; id: number };
}

export interface Message extends Place {
  from: string;
  text: string;
  /** When the server took it: RFC 3339, UTC. */
  at: string;
  /** The key it was published under, if it is our own. */
  id?: string;
}

export interface Presence {
  /** How many connections are in the room. */
  members: number;
  /** Names of users who came, perhaps not all. */
  joined: string[];
  /** Names of users who went, perhaps not all. */
  left: string[];
}

/** Messages that will not be told of. Without `from` and `to` it is not known which: the history is another one, or too old. */
export interface Gap {
  epoch: string;
  from?: number;
  to?: number;
}

export interface EventDetails {
  state: StateDetail;
  welcome: Welcome;
  message: Message;
  /** A connection came; `connections` of them go by that name. */
  joined: { user: string; members: number; connections: number };
  /** A connection went; `connections` of them still go by that name. */
  left: { user: string; members: number; connections: number };
  /** Who came and went lately, in a room too large to tell of each. */
  presence: Presence;
  typing: { user: string };
  gap: Gap;
  /** The server is about to close the connection; the room comes back by itself. */
  drain: { reconnectAfterMs: number };
  /** An error that is about no message of ours: a code of the server, or `token`. */
  error: { code: string; message: string };
}

/** One event of a `for await`: its type and its members. */
export type RoomEvent = { [T in keyof EventDetails]: { type: T } & EventDetails[T] }[keyof EventDetails];

/**
 * A room that was joined. Each event is dispatched as a `CustomEvent` with the members in `detail`, and handed to each
 * `for await`, which gets what is told from its start on, ends after {@link Room.leave}, and throws a {@link ParleyError} if
 * the server closed the room.
 */
export interface Room
  extends Omit<EventTarget, 'addEventListener' | 'removeEventListener'>, AsyncIterable<RoomEvent> {
  readonly name: string;
  /** The name we go by: as asked for, then as the server knows it. */
  readonly user: string | undefined;
  readonly state: State;
  readonly epoch: string | undefined;
  readonly offset: number | undefined;
  /** Where to resume, to be kept for {@link JoinOptions.since}; undefined before there is anything to go on from. */
  readonly position: string | undefined;
  /** How many connections were in the room when it was last told. */
  readonly members: number;
  /** Names of users in the room, perhaps not all. */
  readonly users: string[];
  /** How many published messages are not acknowledged. */
  readonly pending: number;
  /**
   * Publishes a text, at once or when the room is open again, and sends it again under the same id until it is
   * acknowledged, so that a lost acknowledgement does not make it appear twice.
   *
   * @param options `id`: the key for this message, up to 64 characters, random by default. `signal`: gives up; the message
   *     may have been published.
   * @returns where it stands, once the server has it. Rejected with a {@link ParleyError}: a code of the server such as
   *     `too-long` or `duplicate-id`; `outbox-full`; `closed` if the room was closed before.
   */
  publish(text: string, options?: { id?: string; signal?: AbortSignal }): Promise<Place>;
  /** Tells the others that we are typing; call it with every key: it is sent every three seconds. Nothing over SSE. */
  typing(): void;
  /** Ends the wait for the next attempt. */
  retry(): void;
  /** Leaves the room for good. */
  leave(): void;
  addEventListener<T extends keyof EventDetails>(
    type: T,
    listener: (event: CustomEvent<EventDetails[T]>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<T extends keyof EventDetails>(
    type: T,
    listener: (event: CustomEvent<EventDetails[T]>) => void,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** A server. It is connected to by room: each has a connection of its own. */
export interface Parley {
  /** Joins a room, whose listeners may be added until the caller's turn ends. What is given here wins. */
  join(room: string, options?: JoinOptions): Room;
  /** Leaves all rooms. */
  close(): void;
}

/**
 * Names a server; connects to nothing yet.
 *
 * @param url where the server's page is, `https:`, `http:`, `wss:` or `ws:`, perhaps with a path. Default: this page.
 * @param options for all rooms
 */
export function connect(url?: string | URL, options?: Options): Parley;

/** A key for one message, at random: for who shows a message before it is acknowledged. */
export function messageId(): string;

/** Why a promise was rejected. */
export class ParleyError extends Error {
  /** A stable word. */
  readonly code: string;
  constructor(code: string, message: string);
}
