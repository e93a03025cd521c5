package dev.parley.delivery;

import dev.parley.testing.Client;
import dev.parley.testing.LateEndpoint;
import dev.parley.testing.OnServer;
import java.util.ArrayList;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** The end of the application under open connections. */
class UndeployIT extends OnServer {

    private static final String WAR = "undeployed";

    @ArquillianResource
    private Deployer deployer;

    @Deployment(name = WAR, managed = false, testable = false)
    static WebArchive war() {
        return parley(LateEndpoint.class);
    }

    @Test
    void everyoneIsClosedWith1001() {
        deployer.deploy(WAR);
        var clients = new ArrayList<Client>();
        clients.add(connect("/ws").expectText("welcome"));
        clients.add(connect("/ws/chat/r?user=alice").expectText("* alice joined"));
        clients.add(connect("/ws/echo"));
        clients.add(connect("/ws/reverse"));
        clients.add(connect("/ws/json"));
        clients.subList(2, 5).forEach(Client::expectNothing);
        deployer.undeploy(WAR);
        clients.forEach(client -> client.expectClose(1001));
    }

    @Test
    void aClientThatEntersDuringTheUndeploymentIsClosedToo() {
        deployer.deploy(WAR);
        var other = connect("/ws/echo").expectNothing();
        var late = connect(LateEndpoint.PATH);
        deployer.undeploy(WAR);
        other.expectClose(1001);
        late.expectClose(1001);
    }
}
