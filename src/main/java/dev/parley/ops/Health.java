package dev.parley.ops;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Whether this node should be sent clients: it should while every condition holds that its parts have registered. For any
 * thread; the conditions are asked on the caller's, so they look and do not wait.
 */
public final class Health {

    private final Map<String, BooleanSupplier> conditions = new ConcurrentHashMap<>();

    /** A node without conditions, which is not ready. */
    public Health() {}

    /**
     * Registers a condition.
     *
     * @param name a word for it, as operators see it; a second one of that name replaces the first
     * @param holds true while the node may be sent clients
     */
    public void condition(String name, BooleanSupplier holds) {
        conditions.put(name, holds);
    }

    /**
     * All conditions.
     *
     * @return which of them hold, by name
     */
    public Map<String, Boolean> conditions() {
        Map<String, Boolean> now = new TreeMap<>();
        conditions.forEach((name, holds) -> now.put(name, holds.getAsBoolean()));
        return now;
    }
}
