package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Publish;
import dev.parley.testing.Client;
import dev.parley.testing.OnServer;
import dev.parley.testing.OrdersBean;
import dev.parley.testing.OrdersEndpoint;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Beans of the application publish, and what is rolled back was never said. */
class PublishIT extends OnServer {

    private static final String EJBS = """
            <ejb-jar xmlns="https://jakarta.ee/xml/ns/jakartaee" version="4.0">
              <enterprise-beans>
                <session>
                  <ejb-name>OrdersBean</ejb-name>
                  <local-bean/>
                  <ejb-class>dev.parley.testing.OrdersBean</ejb-class>
                  <session-type>Stateless</session-type>
                </session>
              </enterprise-beans>
            </ejb-jar>
            """;

    private static final AtomicInteger ROOMS = new AtomicInteger();

    /** One for each test: the last one's clients may leave theirs late. */
    private final String name = "orders-" + ROOMS.incrementAndGet();

    private final Client room = connect("/ws/chat/" + name).expectText("* a user joined");
    private final Client orders = connect(OrdersEndpoint.PATH + name);

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(OrdersEndpoint.class, OrdersEndpoint.Orders.class, OrdersBean.class)
                .addAsWebInfResource(new StringAsset(EJBS), "ejb-jar.xml");
    }

    private void place(String command, String answer) {
        orders.text(command).expectText(answer);
    }

    /** In which order synchronizations run is the server's choice. */
    private void bothOrders() {
        assertThat(room.texts(2)).containsExactlyInAnyOrder("shop: order 1", "shop: order 2");
    }

    @Test
    void withoutATransactionItIsPublishedAtOnce() {
        place("plain one", "done");
        room.expectText("shop: one");
        place("called two", "done");
        room.expectText("shop: two").expectNothing();
    }

    @Test
    void whatCommitsIsPublished() {
        place("commit order", "done");
        bothOrders();
        place("user-commit mine", "done");
        room.expectText("shop: mine").expectNothing();
    }

    @Test
    void whatRollsBackIsNot() {
        place("rollback never", "IllegalArgumentException");
        place("user-rollback never", "done");
        place("commit order", "done");
        bothOrders();
        room.expectNothing();
    }

    @Test
    void anEjbPublishesWhatItCommits() {
        place("ejb-rollback never", "EJBException");
        place("ejb-commit bean", "done");
        room.expectText("shop: bean").expectNothing();
    }

    @Test
    void whatNoClientCouldSayIsRefusedWhereItIsMade() {
        place("wrong x", "IllegalArgumentException");
        room.expectNothing();
        assertThat(new Publish("orders", null, "x").id()).isNull();
    }
}
