package dev.parley.broker.choice;

import dev.parley.broker.Broker;
import dev.parley.broker.memory.MemoryBroker;
import dev.parley.broker.nats.NatsBroker;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.Threads;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Gives the hub its broker. */
@ApplicationScoped
public class Brokers {

    /** For the container. */
    public Brokers() {}

    /**
     * The broker of this application.
     *
     * @param settings say which, and what it keeps
     * @param threads make its threads
     * @param budget what it keeps in memory is taken from
     * @param metrics show its state
     * @return the embedded one, or the one of NATS
     */
    @Produces
    @Singleton // one instance, and no proxy before each publication
    public Broker broker(Settings settings, Threads threads, Budget budget, Metrics metrics) {
        Clock clock = Clock.SYSTEM;
        return settings.broker().equals("nats")
                ? new NatsBroker(settings, threads, clock, metrics, budget)
                : new MemoryBroker(settings, clock, budget);
    }

    void close(@Disposes Broker broker) {
        broker.close();
    }
}
