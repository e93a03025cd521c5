/** Finds out which server this is, and chooses how frames reach its connections. */
@NullMarked
package dev.parley.wire.server;

import org.jspecify.annotations.NullMarked;
