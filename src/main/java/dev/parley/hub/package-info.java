/** The hub: this node's peers and rooms, and the only place that delivers to them. */
@NullMarked
package dev.parley.hub;

import org.jspecify.annotations.NullMarked;
