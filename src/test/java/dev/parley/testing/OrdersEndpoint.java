package dev.parley.testing;

import dev.parley.api.Hub;
import dev.parley.api.Publish;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.transaction.Transactional;
import jakarta.transaction.UserTransaction;
import jakarta.websocket.OnMessage;
import jakarta.websocket.server.PathParam;
import jakarta.websocket.server.ServerEndpoint;
import javax.naming.InitialContext;

/**
 * An application of another team that publishes from its beans to the room of its path, as a message asks: how, then what.
 * The answer is {@code done} or the name of the exception.
 */
@ServerEndpoint(OrdersEndpoint.PATH + "{room}")
public class OrdersEndpoint {

    /** Where it answers; a room follows. */
    public static final String PATH = "/ws/test/orders/";

    /** Injected by the server. */
    @Inject
    private Orders orders;

    /** For the container. */
    public OrdersEndpoint() {}

    @OnMessage
    public String place(String command, @PathParam("room") String room) {
        String[] words = command.split(" ", 2);
        try {
            switch (words[0]) {
                case "plain" -> orders.plain(room, words[1]);
                case "called" -> orders.called(room, words[1]);
                case "commit" -> orders.commit(room, words[1]);
                case "rollback" -> orders.rollback(room, words[1]);
                case "user-commit" -> user(room, words[1], true);
                case "user-rollback" -> user(room, words[1], false);
                case "ejb-commit" -> ejb().commit(room, words[1]);
                case "ejb-rollback" -> ejb().rollback(room, words[1]);
                case "wrong" -> new Publish("no such room", null, words[1]);
                default -> throw new IllegalStateException("unknown");
            }
            return "done";
        } catch (Exception e) {
            return e.getClass().getSimpleName();
        }
    }

    private void user(String room, String text, boolean commits) throws Exception {
        UserTransaction transaction = InitialContext.doLookup("java:comp/UserTransaction");
        transaction.begin();
        orders.plain(room, text);
        if (commits) {
            transaction.commit();
        } else {
            transaction.rollback();
        }
    }

    private static OrdersBean ejb() throws Exception {
        return InitialContext.doLookup("java:module/OrdersBean");
    }

    /** A bean with transactions. */
    @ApplicationScoped
    public static class Orders {

        /** Injected by the server. */
        @Inject
        private Event<Publish> publish;

        /** Injected by the server. */
        @Inject
        private Hub hub;

        /** For the container. */
        public Orders() {}

        /** Fires, in whatever transaction there is. */
        public void plain(String room, String text) {
            publish.fire(new Publish(room, "shop", text));
        }

        /** Calls the hub. */
        public void called(String room, String text) {
            hub.publish(room, "shop", null, text);
        }

        /** Fires two in a transaction that commits. */
        @Transactional
        public void commit(String room, String text) {
            plain(room, text + " 1");
            plain(room, text + " 2");
        }

        /** Fires in a transaction that rolls back. */
        @Transactional
        public void rollback(String room, String text) {
            plain(room, text);
            throw new IllegalArgumentException("rolled back");
        }
    }
}
