package dev.parley.delivery;

import dev.parley.testing.CallerBean;
import dev.parley.testing.ContextEndpoint;
import dev.parley.testing.OnServer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** What an application's own conversation may count on, whoever reads its messages. */
class ContextIT extends OnServer {

    private static final String NAME = "parley";

    private static final String EJBS = """
            <ejb-jar xmlns="https://jakarta.ee/xml/ns/jakartaee" version="4.0">
              <enterprise-beans>
                <session>
                  <ejb-name>CallerBean</ejb-name>
                  <local-bean/>
                  <ejb-class>dev.parley.testing.CallerBean</ejb-class>
                  <session-type>Stateless</session-type>
                </session>
              </enterprise-beans>
            </ejb-jar>
            """;

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(
                        ContextEndpoint.class,
                        CallerBean.class,
                        ContextEndpoint.Login.class,
                        ContextEndpoint.Visit.class,
                        ContextEndpoint.Work.class)
                .addAsWebInfResource(new StringAsset(EJBS), "ejb-jar.xml");
    }

    @Test
    void theClassLoaderOfTheApplicationIsTheThreads() {
        connect(ContextEndpoint.PATH).text("class loader").expectText("true");
    }

    @Test
    void theNamesOfTheApplicationAreFound() {
        connect(ContextEndpoint.PATH).text("naming").expectText(NAME);
    }

    /** No server gives a message one under {@code @OnMessage} (github.com/jakartaee/websocket/issues/196). */
    @Test
    void eachMessageHasARequestScopeOfItsOwn() {
        var visits = readsFrames() ? "1 2" : "none";
        var client = connect(ContextEndpoint.PATH);
        client.text("request").expectText(visits);
        client.text("request").expectText(visits);
    }

    /** No server tells an EJB under {@code @OnMessage} either who made the handshake: the session does. */
    @Test
    void theSessionKnowsWhoMadeTheHandshakeAndTheCallerIsNobody() {
        var client = connect(ContextEndpoint.PATH, ContextEndpoint.Login.HEADER, "alice");
        client.text("user").expectText("alice");
        client.text("caller").expectText(on("wildfly") ? "anonymous" : "ANONYMOUS");
    }

    /** 0 is active, 6 is none (jakarta.transaction.Status). */
    @Test
    void aTransactionBeginsAndEndsWithAMethodOrAsTheApplicationSays() {
        var client = connect(ContextEndpoint.PATH);
        client.text("transactional").expectText("6 true 6");
        client.text("user transaction").expectText("6 0 6");
    }
}
