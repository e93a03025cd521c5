/** The hub of this node: its peers, its open rooms, and the only place that delivers to them. */
@NullMarked
package dev.parley.delivery;

import org.jspecify.annotations.NullMarked;
