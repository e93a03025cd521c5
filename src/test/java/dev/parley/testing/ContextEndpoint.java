package dev.parley.testing;

import dev.parley.api.Hub;
import dev.parley.api.Peer;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.ContextNotActiveException;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.security.enterprise.AuthenticationStatus;
import jakarta.security.enterprise.authentication.mechanism.http.HttpAuthenticationMechanism;
import jakarta.security.enterprise.authentication.mechanism.http.HttpMessageContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.transaction.Status;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.Transactional;
import jakarta.transaction.UserTransaction;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.security.Principal;
import java.util.Set;
import java.util.concurrent.Callable;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/** An application's own endpoint, whose messages ask in which context they are handled; for a test that adds this class. */
@ServerEndpoint(value = ContextEndpoint.PATH, configurator = HandshakeConfigurator.class)
public class ContextEndpoint {

    /** Where it answers. */
    public static final String PATH = "/ws/test/context";

    /** Injected by the server. */
    @Inject
    private Hub hub;

    /** Injected by the server. */
    @Inject
    private Visit visit;

    /** Injected by the server. */
    @Inject
    private Work work;

    private Peer peer;
    private Principal user;

    /** For the container. */
    public ContextEndpoint() {}

    /** Lets a client in under the name that it says. */
    @ApplicationScoped
    public static class Login implements HttpAuthenticationMechanism {

        /** The header with the name. */
        public static final String HEADER = "Test-User";

        /** For the container. */
        public Login() {}

        @Override
        public AuthenticationStatus validateRequest(
                HttpServletRequest request, HttpServletResponse response, HttpMessageContext context) {
            String name = request.getHeader(HEADER);
            return name == null ? context.doNothing() : context.notifyContainerAboutLogin(name, Set.of("tester"));
        }
    }

    /** A bean with transactions. */
    @ApplicationScoped
    public static class Work {

        /** For the container. */
        public Work() {}

        /** Whether it runs in a transaction. */
        @Transactional
        public boolean isInTransaction() throws NamingException {
            return status() == Status.STATUS_ACTIVE;
        }

        private static int status() throws NamingException {
            TransactionSynchronizationRegistry registry =
                    InitialContext.doLookup("java:comp/TransactionSynchronizationRegistry");
            return registry.getTransactionStatus();
        }
    }

    /** Lives as long as one message is handled. */
    @RequestScoped
    public static class Visit {

        private int calls;

        /** How often it was called, with this call. */
        public int count() {
            return ++calls;
        }
    }

    @OnOpen
    public void open(Session session) {
        user = session.getUserPrincipal();
        peer = hub.open(session, opened -> this::answer);
    }

    private void answer(Peer sender, String question) {
        sender.send(
                switch (question) {
                    case "class loader" ->
                        String.valueOf(Thread.currentThread().getContextClassLoader()
                                == getClass().getClassLoader());
                    case "naming" -> name();
                    case "request" -> visits();
                    case "user" -> user.getName();
                    case "caller" ->
                        tell(() -> InitialContext.<CallerBean>doLookup("java:module/CallerBean")
                                .name());
                    case "transactional" ->
                        tell(() -> Work.status() + " " + work.isInTransaction() + " " + Work.status());
                    case "user transaction" -> tell(ContextEndpoint::transaction);
                    default -> question;
                });
    }

    private static String tell(Callable<String> answer) {
        try {
            return answer.call();
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static String transaction() throws Exception {
        UserTransaction transaction = InitialContext.doLookup("java:comp/UserTransaction");
        int before = transaction.getStatus();
        transaction.begin();
        int within = transaction.getStatus();
        transaction.commit();
        return before + " " + within + " " + transaction.getStatus();
    }

    private static String name() {
        try {
            return new InitialContext().lookup("java:module/ModuleName").toString();
        } catch (NamingException e) {
            return "none";
        }
    }

    private String visits() {
        try {
            return visit.count() + " " + visit.count();
        } catch (ContextNotActiveException e) {
            return "none";
        }
    }

    @OnMessage
    public void text(String part, boolean last) {
        peer.text(part, last);
    }

    @OnClose
    public void close(CloseReason reason) {
        peer.closed(reason);
    }
}
