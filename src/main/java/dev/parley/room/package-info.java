/**
 * A room as data and rules: its newest events, the positions of its readers, presence, typing, and the formats in which it is
 * read. Nothing here locks, starts a thread, reads, writes or logs: the owner of a room has the lock, {@link dev.parley.delivery}
 * delivers.
 */
@NullMarked
package dev.parley.room;

import org.jspecify.annotations.NullMarked;
