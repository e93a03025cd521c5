package dev.parley.delivery;

import dev.parley.testing.ContextEndpoint;
import dev.parley.testing.OnServer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** What an application's own conversation may count on, whoever reads its messages. */
class ContextIT extends OnServer {

    private static final String NAME = "parley";

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(ContextEndpoint.class, ContextEndpoint.Visit.class);
    }

    @Test
    void theClassLoaderOfTheApplicationIsTheThreads() {
        connect(ContextEndpoint.PATH).text("class loader").expectText("true");
    }

    @Test
    void theNamesOfTheApplicationAreFound() {
        connect(ContextEndpoint.PATH).text("naming").expectText(NAME);
    }

    /** WildFly gives a message none under {@code @OnMessage}. */
    @Test
    void eachMessageHasARequestScopeOfItsOwn() {
        var visits = on("wildfly") && !readsFrames() ? "none" : "1 2";
        var client = connect(ContextEndpoint.PATH);
        client.text("request").expectText(visits);
        client.text("request").expectText(visits);
    }
}
