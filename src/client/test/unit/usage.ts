// Compiled by tsc, never run: what a program in TypeScript may do with the client, and what it may not.
import { ParleyError, connect, messageId } from '../../../main/webapp/parley.js';
import type { Message, Parley, Place, Room, RoomEvent } from '../../../main/webapp/parley.js';

const parley: Parley = connect('https://example.org/', { token: async () => 'token', history: 50 });
const room: Room = parley.join('main', { user: 'ada', since: 'e1:7', signal: AbortSignal.timeout(1000) });

room.addEventListener('message', ({ detail }) => {
  const message: Message = detail;
  message.text.trim();
  // @ts-expect-error: a message has no such member
  message.body;
});
room.addEventListener('gap', ({ detail: { from, to } }) => [from?.toFixed(), to?.toFixed()]);
// @ts-expect-error: there is no such event
room.addEventListener('massage', () => {});

export async function use(): Promise<Place> {
  for await (const event of room) {
    if (event.type === 'message') event.text.trim();
    if (event.type === 'state' && event.state === 'waiting') event.retryInMs?.toFixed();
    // @ts-expect-error: not every event has a text
    event.text;
  }
  try {
    return await room.publish('hello', { id: messageId() });
  } catch (error) {
    if (error instanceof ParleyError) error.code.trim();
    throw error;
  }
}

export const types = (event: RoomEvent): string => event.type;
// @ts-expect-error: a name is read, not set
room.name = 'other';
// @ts-expect-error: a text is a string
void room.publish(7);
connect(undefined, { WebSocket: null });
connect(new URL('ws://localhost/'), { WebSocket: WebSocket });
