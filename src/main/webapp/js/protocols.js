import { ROOM_RULE, USER_RULE, roomProblem, userProblem } from './names.js';

const DEFAULT_PREFIX = 'echo: ';
const TEXT = { name: 'text', label: 'Message', value: 'hello', action: 'Send', binary: true, encode: (text) => text };

/** What the page knows of each endpoint: how to reach it, what may be set, what may be sent. */
export const PROTOCOLS = [
  {
    id: 'lobby',
    title: 'Lobby',
    path: '/ws',
    about:
      'Greets with “welcome”. What you send comes back as “echo: …”, ' +
      'and goes as it is to everybody else in the lobby.',
    hint: 'Connect, and the server says welcome. Connect in a second tab to see a message arrive there too.',
    fields: [],
    target: () => ['ws'],
    composers: [TEXT],
  },
  {
    id: 'echo',
    title: 'Echo',
    path: '/ws/echo',
    about: 'Sends every text back behind a prefix, and every binary message unchanged.',
    hint: 'Connect and send something: the same comes back.',
    fields: [
      {
        name: 'prefix',
        label: 'Prefix',
        value: DEFAULT_PREFIX,
        rule: 'Up to 64 characters. Leave it empty for a verbatim echo.',
        problem: ({ length }) =>
          length > 64 ? `A prefix has at most 64 characters; this one has ${length}.` : '',
      },
    ],
    target: ({ prefix }) => ['ws/echo', prefix === DEFAULT_PREFIX ? {} : { prefix }],
    composers: [TEXT],
  },
  {
    id: 'reverse',
    title: 'Reverse',
    path: '/ws/reverse',
    about: 'Sends every text back with its characters in reverse order, and every binary message unchanged.',
    hint: 'Connect and send “hello”: “olleh” comes back.',
    fields: [
      {
        name: 'grapheme',
        label: 'By grapheme',
        checkbox: true,
        rule: 'Keeps together what a reader sees as one character, as an accent on its letter.',
        problem: () => '',
      },
    ],
    target: ({ grapheme }) => ['ws/reverse', grapheme ? { by: 'grapheme' } : {}],
    composers: [TEXT],
  },
  {
    id: 'room',
    title: 'Room',
    path: '/ws/chat/{room}',
    about:
      'The rooms of the chat above in plain text, for clients that know no JSON: ' +
      'one line for who joined, one for what was said, one for who left.',
    hint: 'Connect to the room that you chat in, and watch the lines go by.',
    fields: [
      { name: 'room', label: 'Room', value: 'main', trim: true, rule: ROOM_RULE, problem: roomProblem },
      {
        name: 'user',
        label: 'User',
        value: '',
        trim: true,
        rule: `May be left empty. ${USER_RULE}`,
        problem: (value) => (value === '' ? '' : userProblem(value)),
      },
    ],
    target: ({ room, user }) => [`ws/chat/${encodeURIComponent(room)}`, user === '' ? {} : { user }],
    composers: [TEXT],
  },
  {
    id: 'json',
    title: 'JSON',
    path: '/ws/json',
    about:
      'Typed messages: “chat” is answered by “echo”, “ping” by “pong”, “bye” by a close with 1000, ' +
      'anything else by “error”.',
    hint: 'Connect and press Ping: a pong comes back.',
    fields: [],
    target: () => ['ws/json'],
    composers: [
      {
        name: 'chat',
        label: 'Text of a chat message',
        value: 'hello',
        action: 'Send chat',
        encode: (text) => JSON.stringify({ type: 'chat', text }),
      },
      { name: 'raw', label: 'Raw JSON', value: '{"type":"chat"}', action: 'Send raw', encode: (text) => text },
    ],
    shortcuts: [
      { label: 'Ping', data: '{"type":"ping"}' },
      { label: 'Bye', data: '{"type":"bye"}' },
    ],
  },
];
