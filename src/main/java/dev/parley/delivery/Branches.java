package dev.parley.delivery;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The branches of one room: one for each event loop that has readers of it. Guarded by the room's lock; {@link #wake} is for any thread. */
final class Branches {

    private final Function<@Nullable Executor, Branch> factory;
    private volatile Branch[] branches = {}; // those with readers; a new array for each change

    /**
     * No branches yet.
     *
     * @param factory makes the branch of a loop
     */
    Branches(Function<@Nullable Executor, Branch> factory) {
        this.factory = factory;
    }

    /** The branch of a loop, which is new if it has no reader yet. */
    Branch of(@Nullable Executor loop) {
        for (Branch branch : branches) {
            if (branch.loop() == loop) {
                return branch;
            }
        }
        Branch branch = factory.apply(loop);
        Branch[] more = Arrays.copyOf(branches, branches.length + 1);
        more[more.length - 1] = branch;
        branches = more;
        return branch;
    }

    /** Removes a reader from its branch, and the branch with the last; false if it was none. */
    boolean remove(LocalMembership reader) {
        for (Branch branch : branches) {
            if (branch.remove(reader)) {
                if (branch.isEmpty()) {
                    branches =
                            Stream.of(branches).filter(each -> each != branch).toArray(Branch[]::new);
                }
                return true;
            }
        }
        return false;
    }

    void clear() {
        branches = new Branch[0];
    }

    boolean isEmpty() {
        return Stream.of(branches).allMatch(Branch::isEmpty);
    }

    List<LocalMembership> readers() {
        List<LocalMembership> readers = new ArrayList<>();
        for (Branch branch : branches) {
            readers.addAll(List.of(branch.readers()));
        }
        return readers;
    }

    /** Asks each for a walk that starts after now; as {@link Branch#wake}. */
    void wake(Executor anywhere) {
        for (Branch branch : branches) {
            branch.wake(anywhere);
        }
    }

    /** Looks where the readers are; as {@link Branch#look}. */
    void look() {
        for (Branch branch : branches) {
            branch.look();
        }
    }

    /** Every reader has read what is before this position. */
    long behind() {
        long behind = Long.MAX_VALUE;
        for (Branch branch : branches) {
            behind = Math.min(behind, branch.behind());
        }
        return behind;
    }

    /** The position up to which every branch may read; the given one if there are no branches. */
    long horizon(long none) {
        return Stream.of(branches)
                .mapToLong(branch -> branch.view().horizon())
                .min()
                .orElse(none);
    }
}
