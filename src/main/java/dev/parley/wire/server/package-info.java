/** Finds out what server this is, and chooses among the packages beside this one. The only package that knows them all. */
@NullMarked
package dev.parley.wire.server;

import org.jspecify.annotations.NullMarked;
