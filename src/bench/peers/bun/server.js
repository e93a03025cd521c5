// The tutorial's server on Bun: its native publish and subscribe.
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? process.argv[2]),
  fetch(request, server) {
    const url = new URL(request.url);
    const [, path, room] = /^(\/ws(?:\/\w+)?)(?:\/(.+))?$/.exec(url.pathname) ?? [];
    const data = {
      path,
      topic: path === '/ws/chat' ? `chat ${room ?? 'main'}` : 'lobby',
      user: url.searchParams.get('user') ?? 'a user',
      prefix: url.searchParams.get('prefix') ?? 'echo: ',
    };
    if (!server.upgrade(request, { data })) {
      return new Response('a WebSocket is expected here', { status: 426 });
    }
  },
  websocket: {
    open(ws) {
      const { path, topic, user } = ws.data;
      if (path === '/ws') {
        ws.subscribe(topic);
        ws.send('welcome');
      } else if (path === '/ws/chat') {
        ws.subscribe(topic);
        server.publish(topic, `* ${user} joined`);
      }
    },
    message(ws, data) {
      const { path, topic, user, prefix } = ws.data;
      switch (path) {
        case '/ws/echo':
          return void ws.send(typeof data === 'string' ? prefix + data : data);
        case '/ws':
          ws.send(typeof data === 'string' ? `echo: ${data}` : data);
          return void ws.publish(topic, data); // everyone else
        case '/ws/chat':
          return void server.publish(topic, `${user}: ${data}`); // everyone
        case '/ws/json':
          return json(ws, JSON.parse(data));
      }
    },
    close(ws) {
      const { path, topic, user } = ws.data;
      if (path === '/ws/chat') {
        server.publish(topic, `* ${user} left`);
      }
    },
  },
});

function json(ws, message) {
  switch (message.type) {
    case 'chat':
      return void ws.send(JSON.stringify({ type: 'echo', text: message.text }));
    case 'ping':
      return void ws.send(JSON.stringify({ type: 'pong' }));
    case 'bye':
      return ws.close(1000, 'bye');
    default:
      return void ws.send(JSON.stringify({ type: 'error', message: `unknown type ${message.type}` }));
  }
}
