/** A room's log and its readers: data and rules, without I/O, threads or locks of its own. */
@NullMarked
package dev.parley.room;

import org.jspecify.annotations.NullMarked;
