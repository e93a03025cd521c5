package dev.parley.delivery;

import dev.parley.api.Hub;
import dev.parley.api.Publish;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.TransactionPhase;
import jakarta.inject.Inject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Publishes what beans of the application ask for by {@link Publish}, once their transaction has committed. */
@ApplicationScoped
public class Publisher {

    private static final Logger LOG = System.getLogger(Publisher.class.getName());

    @Inject
    private Hub hub;

    /** For the container. */
    public Publisher() {}

    /**
     * Publishes. Public, since a proxy of a library's bean is of another class loader on GlassFish and passes on nothing else.
     *
     * @param message what to publish
     */
    public void publish(@Observes(during = TransactionPhase.AFTER_SUCCESS) Publish message) {
        hub.publish(message.room(), message.user(), message.id(), message.text())
                .whenComplete((position, failure) -> {
                    if (failure != null) {
                        LOG.log(Level.WARNING, "A message of this application was not published", failure);
                    }
                });
    }
}
