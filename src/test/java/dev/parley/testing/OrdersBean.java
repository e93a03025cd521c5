package dev.parley.testing;

import dev.parley.api.Publish;
import jakarta.ejb.EJBException;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;

/** A stateless EJB, named in {@code ejb-jar.xml}, whose methods are transactions. */
public class OrdersBean {

    /** Injected by the server. */
    @Inject
    private Event<Publish> publish;

    /** For the container. */
    public OrdersBean() {}

    /** Fires and commits. */
    public void commit(String room, String text) {
        publish.fire(new Publish(room, "shop", text));
    }

    /** Fires and rolls back. */
    public void rollback(String room, String text) {
        publish.fire(new Publish(room, "shop", text));
        throw new EJBException("rolled back");
    }
}
