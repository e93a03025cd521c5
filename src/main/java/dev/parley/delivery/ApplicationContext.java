package dev.parley.delivery;

import dev.parley.api.Conversation;
import dev.parley.api.Peer;
import jakarta.enterprise.concurrent.ContextService;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.context.control.RequestContextController;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/**
 * The context in which an application's own code handles a message that no container hands on: its class loader, its names,
 * the caller of {@code @OnOpen}, which is nobody on the servers tested, no transaction (Jakarta Concurrency 3.0 §3.3), and a request
 * scope for each message.
 * Parley's own endpoints need none of that and do not pay for it. Safe for any thread.
 */
@Dependent
public class ApplicationContext {

    private static final Logger LOG = System.getLogger(ApplicationContext.class.getName());

    /** Where the conversations are that need no context. */
    private static final String OWN = "dev.parley.endpoint";

    private Instance<RequestContextController> scopes;

    /** For the container. */
    @SuppressWarnings("NullAway.Init") // the container calls use before anything else
    public ApplicationContext() {}

    @Inject
    void use(Instance<RequestContextController> controllers) {
        scopes = controllers;
    }

    /** A conversation that has the context of this thread, whichever thread calls it. */
    @SuppressWarnings("BanJNDI") // a fixed name; an injection would fail the deployment on a server without the service
    Conversation keep(Conversation conversation) {
        if (conversation.getClass().getPackageName().equals(OWN)) {
            return conversation;
        }
        Conversation inRequest = new InRequest(conversation);
        try {
            ContextService contexts = InitialContext.doLookup("java:comp/DefaultContextService");
            return contexts.createContextualProxy(inRequest, Conversation.class);
        } catch (NamingException | RuntimeException e) {
            LOG.log(Level.DEBUG, "the server has no contexts to keep", e);
            return inRequest;
        }
    }

    /** Runs a task in a request scope of its own, or in the one that there is. */
    private void inRequest(Runnable task) {
        RequestContextController scope = scopes.get();
        boolean own = scope.activate();
        try {
            task.run();
        } finally {
            if (own) {
                scope.deactivate();
            }
            scopes.destroy(scope);
        }
    }

    private final class InRequest implements Conversation {

        private final Conversation conversation;

        InRequest(Conversation conversation) {
            this.conversation = conversation;
        }

        @Override
        public void text(Peer peer, String message) {
            inRequest(() -> conversation.text(peer, message));
        }

        @Override
        public int maxText(int limit) {
            return conversation.maxText(limit);
        }

        @Override
        public void tooFast(Peer peer, String message) {
            inRequest(() -> conversation.tooFast(peer, message));
        }

        @Override
        public void binary(Peer peer, ByteBuffer message) {
            inRequest(() -> conversation.binary(peer, message));
        }
    }
}
