package dev.parley.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.netbeans.lib.profiler.heap.GCRoot;
import org.netbeans.lib.profiler.heap.Heap;
import org.netbeans.lib.profiler.heap.HeapFactory;
import org.netbeans.lib.profiler.heap.Instance;
import org.netbeans.lib.profiler.heap.JavaClass;
import org.netbeans.lib.profiler.heap.ObjectArrayInstance;
import org.netbeans.lib.profiler.heap.ObjectFieldValue;

/** A heap dump of a server, asked what keeps an application in it. For one thread. */
public final class HeapDump {

    private final Heap heap;
    private final Set<String> ignored;
    private final Map<Long, Long> reachedFrom = new HashMap<>();
    private final ArrayDeque<Long> next = new ArrayDeque<>();

    /**
     * Walks through all that is reached by strong references.
     *
     * @param dump the file
     * @param ignored references that are not followed: a class and a field that it declares, or a class and {@code *}
     */
    public HeapDump(Path dump, Set<String> ignored) throws IOException {
        this.heap = HeapFactory.createHeap(dump.toFile());
        this.ignored = ignored;
        for (Object root : heap.getGCRoots()) {
            Instance instance = ((GCRoot) root).getInstance();
            if (instance != null && !isIgnored(instance.getJavaClass().getName(), "*")) {
                reach(0, instance.getInstanceId());
            }
        }
        for (Long id = next.poll(); id != null; id = next.poll()) {
            follow(id);
        }
    }

    /** The loaders of web applications that have loaded a class of this name, and how each is held: from it up to a root. */
    public List<List<String>> heldLoadersOf(String className) {
        var paths = new ArrayList<List<String>>();
        var seen = new HashSet<Long>();
        for (Object each : heap.getAllClasses()) {
            var type = (JavaClass) each;
            Instance loader = type.getClassLoader();
            if (type.getName().equals(className)
                    && loader != null
                    && !loader.getJavaClass().getName().startsWith("jdk.internal.loader.") // the tests' own
                    && reachedFrom.containsKey(loader.getInstanceId())
                    && seen.add(loader.getInstanceId())) {
                paths.add(path(loader.getInstanceId()));
            }
        }
        return paths;
    }

    private List<String> path(long id) {
        var path = new ArrayList<String>();
        for (long each = id; each != 0; each = reachedFrom.get(each)) {
            JavaClass type = heap.getJavaClassByID(each);
            path.add(
                    type != null
                            ? "class " + type.getName()
                            : heap.getInstanceByID(each).getJavaClass().getName());
        }
        return path;
    }

    private void follow(long id) {
        JavaClass mirrored = heap.getJavaClassByID(id);
        if (mirrored != null) {
            for (Object value : mirrored.getStaticFieldValues()) {
                reachBy(id, value);
            }
            reach(id, mirrored.getClassLoader());
            if (mirrored.getSuperClass() != null) {
                reach(id, mirrored.getSuperClass().getJavaClassId());
            }
        }
        Instance instance = heap.getInstanceByID(id);
        if (instance == null) {
            return;
        }
        reach(id, instance.getJavaClass().getJavaClassId());
        if (isIgnored(instance.getJavaClass().getName(), "*")) {
            return;
        }
        if (instance instanceof ObjectArrayInstance array) {
            for (Object value : array.getValues()) {
                reach(id, (Instance) value);
            }
        } else {
            for (Object value : instance.getFieldValues()) {
                reachBy(id, value);
            }
        }
    }

    private void reachBy(long from, Object value) {
        if (value instanceof ObjectFieldValue reference) {
            var field = reference.getField();
            if (!isIgnored(field.getDeclaringClass().getName(), field.getName())) {
                reach(from, reference.getInstance());
            }
        }
    }

    private void reach(long from, Instance instance) {
        if (instance != null) {
            reach(from, instance.getInstanceId());
        }
    }

    private void reach(long from, long id) {
        if (reachedFrom.putIfAbsent(id, from) == null) {
            next.add(id);
        }
    }

    /** A {@code Reference}'s referent never counts: soft ones go when memory is short. */
    private boolean isIgnored(String holder, String field) {
        return ignored.contains(holder + '.' + field)
                || holder.equals("java.lang.ref.Reference") && field.equals("referent");
    }
}
