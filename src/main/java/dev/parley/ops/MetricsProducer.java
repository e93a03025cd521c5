package dev.parley.ops;

import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.enterprise.inject.Typed;
import jakarta.inject.Singleton;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Gives metrics and health to whoever injects them: one of each, and no proxy before each message. */
@ApplicationScoped
public class MetricsProducer {

    private static final Logger LOG = System.getLogger(MetricsProducer.class.getName());

    /** For the container. */
    public MetricsProducer() {}

    /**
     * Holds the meters of this application, and some of the JVM that leave no listener behind. Its one type keeps it apart from
     * a registry that the server has.
     *
     * @return the registry
     */
    @Produces
    @Singleton
    @Typed(PrometheusMeterRegistry.class)
    public PrometheusMeterRegistry registry() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        return registry;
    }

    void close(@Disposes PrometheusMeterRegistry registry) {
        registry.close();
    }

    /**
     * The metrics of this application.
     *
     * @param registry holds the meters
     * @return the one instance
     */
    @Produces
    @Singleton
    public Metrics metrics(PrometheusMeterRegistry registry) {
        return new Metrics(registry);
    }

    /**
     * The memory that this node holds for its clients. Logs what the settings allow.
     *
     * @param settings say how much
     * @param metrics told how much is used
     * @return the one instance
     */
    @Produces
    @Singleton
    public Budget budget(Settings settings, Metrics metrics) {
        MemoryPlan plan = new MemoryPlan(settings, Runtime.getRuntime().maxMemory());
        LOG.log(Level.INFO, plan.toString());
        if (plan.isTooLarge()) {
            LOG.log(Level.WARNING, plan.warning());
        }
        return new Budget(settings.memory(), metrics);
    }

    /**
     * The health of this node.
     *
     * @return the one instance
     */
    @Produces
    @Singleton
    public Health health() {
        return new Health();
    }
}
