/** The embedded broker of one node. */
@NullMarked
package dev.parley.broker.memory;

import org.jspecify.annotations.NullMarked;
