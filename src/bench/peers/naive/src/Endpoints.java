import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.PathParam;
import jakarta.websocket.server.ServerEndpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The obvious endpoints, as every tutorial writes them: a static set of sessions, and a loop that sends to each. */
public final class Endpoints {
    private Endpoints() {}

    static void sendToAll(Set<Session> sessions, String text, Session except) {
        for (Session session : sessions) {
            if (session != except && session.isOpen()) {
                session.getAsyncRemote().sendText(text);
            }
        }
    }

    static String parameter(Session session, String name, String otherwise) {
        return session.getRequestParameterMap().getOrDefault(name, List.of(otherwise)).get(0);
    }

    @ServerEndpoint("/ws")
    public static class Lobby {
        private static final Set<Session> SESSIONS = ConcurrentHashMap.newKeySet();

        @OnOpen
        public void open(Session session) {
            SESSIONS.add(session);
            session.getAsyncRemote().sendText("welcome");
        }

        @OnMessage
        public void text(String text, Session session) {
            session.getAsyncRemote().sendText("echo: " + text);
            sendToAll(SESSIONS, text, session);
        }

        @OnClose
        public void close(Session session) {
            SESSIONS.remove(session);
        }
    }

    @ServerEndpoint("/ws/echo")
    public static class Echo {
        private String prefix;

        @OnOpen
        public void open(Session session) {
            prefix = parameter(session, "prefix", "echo: ");
        }

        @OnMessage
        public void text(String text, Session session) {
            session.getAsyncRemote().sendText(prefix + text);
        }

        @OnMessage
        public void binary(ByteBuffer bytes, Session session) {
            session.getAsyncRemote().sendBinary(bytes);
        }
    }

    @ServerEndpoint("/ws/json")
    public static class Json {
        private static final Jsonb JSONB = JsonbBuilder.create();

        public static class Message {
            public String type;
            public String text;
            public String message;

            public Message() {}

            Message(String type, String text, String message) {
                this.type = type;
                this.text = text;
                this.message = message;
            }
        }

        @OnMessage
        public void text(String json, Session session) throws IOException {
            Message message = JSONB.fromJson(json, Message.class);
            Message reply;
            switch (message.type) {
                case "chat":
                    reply = new Message("echo", message.text, null);
                    break;
                case "ping":
                    reply = new Message("pong", null, null);
                    break;
                case "bye":
                    session.close(new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "bye"));
                    return;
                default:
                    reply = new Message("error", null, "unknown type " + message.type);
            }
            session.getAsyncRemote().sendText(JSONB.toJson(reply));
        }
    }

    @ServerEndpoint("/ws/chat/{room}")
    public static class Chat {
        private static final Map<String, Set<Session>> ROOMS = new ConcurrentHashMap<>();

        private Set<Session> members;
        private String user;

        @OnOpen
        public void open(Session session, @PathParam("room") String room) {
            user = parameter(session, "user", "a user");
            members = ROOMS.computeIfAbsent(room, name -> ConcurrentHashMap.newKeySet());
            members.add(session);
            sendToAll(members, "* " + user + " joined", null);
        }

        @OnMessage
        public void text(String text) {
            sendToAll(members, user + ": " + text, null);
        }

        @OnClose
        public void close(Session session) {
            members.remove(session);
            sendToAll(members, "* " + user + " left", null);
        }
    }
}
