const MEANINGS = new Map([
  [1000, 'it ended as agreed'],
  [1001, 'the server is going away; connect again in a moment'],
  [1003, 'this endpoint speaks text only, and got a binary message'],
  [1005, 'the server gave no code'],
  [1006, 'the connection was lost without a goodbye; connect again in a moment'],
  [1007, 'the text was not valid UTF-8'],
  [1008, 'the server does not allow this: the right to be here ended, or too much was sent'],
  [1009, 'the message was too long'],
  [1011, 'the server met an error of its own; connect again in a moment'],
  [1012, 'the server is restarting; connect again in a moment'],
  [1013, 'the server is full, or this page read too slowly; connect again in a moment'],
]);

const REFUSED =
  'The server refused the connection or cannot be reached. A browser does not tell a page why: ' +
  'a name may not be allowed, the server may be full or restarting, or a sign-in may be needed.';

/** Says how a connection ended, in words. */
export function describeClose({ code, reason, opened }) {
  if (!opened) return REFUSED;
  const said = reason ? ` “${reason}”` : '';
  const meaning = MEANINGS.get(code);
  return `Closed with ${code}${said}${meaning ? `: ${meaning}` : ''}.`;
}

const WAITS = new Map([
  [1001, 'The server is going away.'],
  [1011, 'The server met an error of its own.'],
  [1012, 'The server is restarting.'],
  [1013, 'The server is full, or this page read too slowly.'],
]);

/** Says why a room waits for its connection, in words. */
export const describeWait = (code) => WAITS.get(code) ?? 'The connection was lost.';
