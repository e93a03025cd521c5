/** Chooses the broker of this application. */
@NullMarked
package dev.parley.broker.choice;

import org.jspecify.annotations.NullMarked;
