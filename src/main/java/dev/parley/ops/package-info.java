/** What an operator sets and sees. */
@NullMarked
package dev.parley.ops;

import org.jspecify.annotations.NullMarked;
