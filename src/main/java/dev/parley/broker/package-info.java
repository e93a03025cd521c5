/** Puts the publications of a room in one order and hands them back to the hub. */
@NullMarked
package dev.parley.broker;

import org.jspecify.annotations.NullMarked;
