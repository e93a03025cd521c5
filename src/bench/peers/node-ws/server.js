// The tutorial's server on the `ws` package: a set of clients and a loop.
import { WebSocketServer, WebSocket } from 'ws';

const wss = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? process.argv[2]) });
const rooms = new Map();

function broadcast(clients, data, binary, except) {
  for (const client of clients) {
    if (client !== except && client.readyState === WebSocket.OPEN) {
      client.send(data, { binary });
    }
  }
}

const lobby = new Set();

const handlers = {
  '/ws'(ws) {
    lobby.add(ws);
    ws.send('welcome');
    ws.on('message', (data, binary) => {
      ws.send(binary ? data : `echo: ${data}`);
      broadcast(lobby, data, binary, ws);
    });
    ws.on('close', () => lobby.delete(ws));
  },
  '/ws/echo'(ws, url) {
    const prefix = url.searchParams.get('prefix') ?? 'echo: ';
    ws.on('message', (data, binary) => ws.send(binary ? data : prefix + data, { binary }));
  },
  '/ws/json'(ws) {
    ws.on('message', data => {
      const message = JSON.parse(data);
      switch (message.type) {
        case 'chat':
          return ws.send(JSON.stringify({ type: 'echo', text: message.text }));
        case 'ping':
          return ws.send(JSON.stringify({ type: 'pong' }));
        case 'bye':
          return ws.close(1000, 'bye');
        default:
          return ws.send(JSON.stringify({ type: 'error', message: `unknown type ${message.type}` }));
      }
    });
  },
  '/ws/chat'(ws, url, room = 'main') {
    const user = url.searchParams.get('user') ?? 'a user';
    const members = rooms.get(room) ?? new Set();
    rooms.set(room, members.add(ws));
    broadcast(members, `* ${user} joined`, false);
    ws.on('message', data => broadcast(members, `${user}: ${data}`, false));
    ws.on('close', () => {
      members.delete(ws);
      broadcast(members, `* ${user} left`, false);
    });
  },
};

wss.on('connection', (ws, request) => {
  const url = new URL(request.url, 'http://localhost');
  const [, path, room] = /^(\/ws(?:\/\w+)?)(?:\/(.+))?$/.exec(url.pathname) ?? [];
  ws.on('error', () => ws.terminate());
  (handlers[path] ?? (() => ws.close(1008)))(ws, url, room);
});
